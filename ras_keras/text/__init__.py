"""Text as it is shown: safe to print, in Markdown, in pictures, as flags."""
