def {{function}}():
    """The variables of the add-on {{name}} ({{addon}}, {{plan}}); `hippo addons env` writes them to .env."""
    return {
        # {{#variables}}
        "{{key}}": os.environ.get("{{variable}}"),
        # {{/variables}}
    }
