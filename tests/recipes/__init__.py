"""What tests ask of a recipe."""


def option(recipe, name):
    """The value of an option of the attention or the model, None where it is not given."""
    arguments = recipe.network.arguments()
    return (arguments["attention_config"] or {}).get(name, arguments.get(name))
