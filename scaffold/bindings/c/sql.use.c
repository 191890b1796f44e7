{
    hippo_rows answer = {{function}}("SELECT 'It works' AS answer", 0, NULL);
    if (answer.error) fprintf(stderr, "{{name}}: %s\n", answer.error);
    for (int row = 0; row < answer.count; row++) puts(hippo_text_at(&answer, row, 0));
    hippo_free(&answer);
}
