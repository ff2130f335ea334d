//! Which texts are words and nothing else. Most messages are, and cost one pass over their bytes.

/// Whether nothing in a text can be anything but words from left to right, in one paragraph. May say no of such a text.
pub(super) fn is_plain(text: &str) -> bool {
    let mut begins_line = true;
    let mut last = b'\n';
    for &byte in text.as_bytes() {
        let may_mean_something = match byte {
            b'*' | b'_' | b'~' | b'`' | b'[' | b'@' | b'>' | b'\r' | 128.. => true,
            b'/' => last == b'/',
            // An empty line ends a paragraph; spaces at either end of a line are dropped.
            b'\n' => matches!(last, b'\n' | b' ' | b'\t'),
            b' ' | b'\t' => last == b'\n',
            b'-' => begins_line,
            b'.' => last.is_ascii_digit(),
            _ => false,
        };
        if may_mean_something {
            return false;
        }
        begins_line = byte == b'\n';
        last = byte;
    }
    !matches!(last, b'\n' | b' ' | b'\t')
}
