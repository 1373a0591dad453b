"""A recipe of a detector goes in, a run folder comes out."""
