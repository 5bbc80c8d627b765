//! Bytes of a claim file to text: UTF-8 with or without a byte order mark, or UTF-16. Anything else is refused
//! with the one thing to do about it.

use crate::problem::Problem;
use std::borrow::Cow;

/// Decodes a document. A problem that is no error accompanies text that was understood in spite of it.
pub(crate) fn text(bytes: &[u8]) -> Result<(Cow<'_, str>, Option<Problem>), Problem> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest).map(|text| (text, None)),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).map(|text| (text, None)),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).map(|text| (text, None)),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes).map(|text| (text, None)),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes).map(|text| (text, None)),
        _ => declared(bytes),
    }
}

fn declared(bytes: &[u8]) -> Result<(Cow<'_, str>, Option<Problem>), Problem> {
    let name = declared_encoding(bytes).unwrap_or_default();
    let ascii = bytes.is_ascii();
    match name.as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" => utf8(bytes).map(|text| (text, None)),
        // A .NET string writer declares UTF-16 whatever bytes are written afterwards.
        "utf-16" | "unicode" | "ucs-2" => {
            let text = "Tệp khai báo bảng mã utf-16 nhưng thực ra là UTF-8; đã đọc như UTF-8.";
            let note = Problem::note("encoding-declared", text, "declared utf-16, bytes are utf-8");
            utf8(bytes).map(|text| (text, Some(note)))
        }
        _ if ascii => utf8(bytes).map(|text| (text, None)),
        other => Err(Problem::error(
            "encoding",
            format!("Tệp dùng bảng mã {other}. Hãy lưu lại bằng UTF-8 rồi nạp lại."),
            format!("declared encoding {other:?} is not UTF-8"),
        )),
    }
}

/// The lower-case name in `<?xml … encoding="…"?>`, when there is one.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let start = head.find("<?xml")?;
    let declaration = &head[start..start + head[start..].find("?>")?];
    let after = declaration[declaration.find("encoding")? + 8..].trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let name = after[1..].split(quote).next()?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    Some(name.chars().filter(|letter| plain(*letter)).take(40).collect::<String>().to_ascii_lowercase())
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::error(
            "encoding",
            format!("Tệp không phải UTF-8 (sai từ dòng {line}). Hãy lưu lại bằng UTF-8 rồi nạp lại."),
            format!("invalid UTF-8 at byte {}", error.valid_up_to()),
        )
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Problem> {
    let units = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0xD8)]));
    let decoded: Result<String, _> = char::decode_utf16(units).collect();
    decoded.map(Cow::Owned).map_err(|error| {
        let text = "Tệp UTF-16 bị hỏng. Hãy lưu lại bằng UTF-8 rồi nạp lại.";
        Problem::error("encoding", text, format!("invalid UTF-16: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, String> {
        text(bytes).map(|(text, _)| text.into_owned()).map_err(|problem| problem.text)
    }

    fn utf16_bytes(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf8_and_utf16_are_read_with_and_without_a_mark() {
        let sentence = "<A>Lò Thị Mẫu</A>";
        assert_eq!(read(sentence.as_bytes()).unwrap(), sentence);
        assert_eq!(read(&[b"\xEF\xBB\xBF", sentence.as_bytes()].concat()).unwrap(), sentence);
        assert_eq!(read(&utf16_bytes(sentence, u16::to_le_bytes)).unwrap(), sentence);
        assert_eq!(
            read(&[&[0xFE, 0xFF][..], &utf16_bytes(sentence, u16::to_be_bytes)].concat()).unwrap(),
            sentence
        );
        let lie = "<?xml version='1.0' encoding='utf-16'?><A>ồ</A>";
        let (taken, note) = text(lie.as_bytes()).unwrap();
        assert_eq!((taken.as_ref(), note.unwrap().key), (lie, "encoding-declared"));
    }

    #[test]
    fn other_encodings_are_refused_with_the_thing_to_do() {
        let old = b"<?xml version=\"1.0\" encoding=\"windows-1258\"?><A>L\xF2 Th\xEC</A>";
        let unlabelled = b"<A>\nL\xF2 Th\xEC</A>";
        let broken = [0xFF, 0xFE, b'<', 0, 0x00, 0xD8];
        for bytes in [&old[..], unlabelled, &broken] {
            let refusal = read(bytes).unwrap_err();
            assert!(refusal.contains("lưu lại bằng UTF-8"), "{refusal}");
        }
        assert!(read(unlabelled).unwrap_err().contains("dòng 2"));
        let harmless = b"<?xml version=\"1.0\" encoding=\"windows-1258\"?><A>1</A>";
        assert!(read(harmless).is_ok(), "plain ASCII is the same in both");
    }
}
