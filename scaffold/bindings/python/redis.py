def {{function}}():
    """A connection to the add-on {{name}} ({{addon}}, {{plan}}): {{function}}().incr("visits").

    On this machine `hippo addons env` writes the variable to .env.
    """
    return {{redis}}.Redis.from_url(os.environ["{{variable}}"])
