"""The file in a form, which browsers and `curl -F image=@FILE` send."""

from ras_keras.errors import UserError

MAXIMUM_PARTS = 20
WAY_OUT = "send one, as in curl -F image=@IMAGE, or nothing else: curl --data-binary @IMAGE."


def image_of(body: bytes, content_type: str) -> bytes:
    """The bytes of an image's file: those of the one file in a form, or the whole body.

    Args:
        body: of the request.
        content_type: of the request, "" if it has none.

    Raises:
        UserError: for a form that is damaged, or has no file or more than one.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return body
    if not options.get(b"boundary"):
        raise UserError(f"this form names no boundary; {WAY_OUT}")
    form = _Form()
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise UserError(f"this form is damaged; {WAY_OUT}") from error
    if not form.ended:
        raise UserError(f"this form is cut off; {WAY_OUT}")
    if len(form.files) != 1:
        raise UserError(f"this form holds {len(form.files)} files; {WAY_OUT}")
    return b"".join(form.files[0])


class _Form:
    """Collects the files of a form while it is parsed."""

    def __init__(self):
        self.parts = 0
        self.files: list[list[bytes]] = []
        self.ended = self.in_file = False
        self.field, self.value = b"", b""

    def callbacks(self):
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_field,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_end": self._end,
        }

    def _begin(self):
        self.parts += 1
        self.in_file = False
        if self.parts > MAXIMUM_PARTS:
            raise UserError(f"this form has more than {MAXIMUM_PARTS} fields; {WAY_OUT}")

    def _add_to_field(self, data, start, end):
        self.field += data[start:end]

    def _add_to_value(self, data, start, end):
        self.value += data[start:end]

    def _end_header(self):
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self.value)
        if self.field.lower() == b"content-disposition" and b"filename" in options:
            self.in_file = True
            self.files.append([])
        self.field = self.value = b""

    def _add_data(self, data, start, end):
        if self.in_file:
            self.files[-1].append(data[start:end])

    def _end(self):
        self.ended = True
