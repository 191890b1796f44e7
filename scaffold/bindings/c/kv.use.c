{
    hippo_response visits = {{function}}("visits", 1);
    if (visits.error) fprintf(stderr, "{{name}}: %s\n", visits.error);
    else puts(hippo_text_of(hippo_member(visits.json, "value")));
    hippo_free(&visits);
}
