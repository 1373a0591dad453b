"""XML files of others: no entities, no other files, and the line of each element."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ras_keras.detection.data.readers.text_files import damaged, read_limited

# Elements within elements.
DEEPEST = 50


@dataclass(slots=True)
class Element:
    """An element of an XML file.

    Attributes:
        tag: its name.
        line: where it begins, counted from 1.
        text: what stands in it before its first child.
        children: the elements within it.
    """

    tag: str
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def children_of(self, tag: str) -> list["Element"]:
        """Those of a name, in their order."""
        return [child for child in self.children if child.tag == tag]


def read_xml(file: Path) -> Element:
    """The outermost element of a file.

    Raises:
        UserError: naming the file and the line, for what is no XML, declares a document type or
            entities, or goes too deep; and as `read_limited` does.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = Element("", 0)
    open_elements = [top]

    def problem(what):
        return damaged(file, parser.CurrentLineNumber, what)

    def refuse(*_):
        raise problem("it declares a document type, which is not read; remove the DOCTYPE")

    def start(tag, _):
        if len(open_elements) > DEEPEST:
            raise problem(f"more than {DEEPEST} elements lie within each other")
        element = Element(tag, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_):
        open_elements.pop()

    def text(data):
        if not open_elements[-1].children:
            open_elements[-1].text += data

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    data = read_limited(file)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise damaged(file, error.lineno, f"it is no XML: {reason}") from error
    # An encoding that Python does not know.
    except (LookupError, ValueError) as error:
        raise damaged(file, parser.CurrentLineNumber, f"it is no XML: {error}") from error
    return top.children[0]
