def {{function}}():
    """A connection to the add-on {{name}} ({{addon}}, {{plan}}).

    with {{function}}() as connection:
        rows = connection.execute("SELECT 'It works' AS answer").fetchall()

    On this machine `hippo addons env` writes the variable to .env.
    """
    return psycopg.connect(os.environ["{{variable}}"])
