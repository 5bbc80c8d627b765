//! Every letter of Vietnamese goes onto paper and comes out of the PDF as it went in.

use std::io::Write;
use std::process::{Command, Stdio};
use unicode_normalization::UnicodeNormalization;
use yba_print::typeset::{Job, set};

/// The 29 letters, and the vowels with their five tones: 89 in each case, of which 67 carry marks.
fn letters() -> Vec<String> {
    let plain = "aăâbcdđeêghiklmnoôơpqrstuưvxy";
    let tones = ["", "\u{300}", "\u{301}", "\u{309}", "\u{303}", "\u{323}"];
    let mut all = Vec::new();
    for letter in plain.chars() {
        let count = if "aăâeêioôơuưy".contains(letter) { tones.len() } else { 1 };
        all.extend(tones[..count].iter().map(|tone| format!("{letter}{tone}").nfc().collect::<String>()));
    }
    all
}

/// What `pdftotext` reads.
pub fn read(pdf: &[u8]) -> String {
    let mut child = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext is missing: run `cargo xtask test`, or `apt-get install -y poppler-utils`");
    let mut stdin = child.stdin.take().expect("it is piped");
    let bytes = pdf.to_vec();
    let giving = std::thread::spawn(move || stdin.write_all(&bytes));
    let out = child.wait_with_output().expect("it ends");
    giving.join().expect("no panic").expect("it reads all");
    String::from_utf8(out.stdout).expect("it writes UTF-8")
}

#[test]
fn every_vietnamese_letter_comes_out_of_the_pdf_unchanged() {
    let mut all = letters();
    assert_eq!((all.len(), all.iter().filter(|one| !one.is_ascii()).count()), (89, 67));
    all.extend(letters().iter().map(|one| one.to_uppercase()));
    let data = sonic_rs::to_string(&sonic_rs::json!({"all": all})).unwrap();
    // As they stand, decomposed as some keyboards send them, and in every weight that forms use.
    let template = "#set page(width: 180mm, height: auto)\n#set text(font: \"Libertinus Serif\", size: 13pt, lang: \"vi\")\n\
        #let all = sys.inputs.all\n#all.join(\" \")\n\nĐẬM\n\n#strong(all.join(\" \"))\n\nNGHIÊNG\n\n#emph(all.join(\" \"))\n\n\
        NHỎ\n\n#text(size: 9pt, all.join(\" \"))\n\nKHÁC\n\n6.482 56,5\u{202f}kg · 38\u{202f}°C ≥ ≤ – … «» “” ▲▼ − × ½ µ";
    let job = Job { files: [("a.typ".into(), template.into())].into(), main: "a.typ".into(), data, at_ms: 0 };
    let pages = set(&job).unwrap();
    let text = read(&pages.pdf);
    assert!(text.chars().eq(text.nfc()), "composed letters");
    // Where words end between single letters is pdftotext's guess; which letters there are, and in what order, is not.
    let letters: String = text.split_whitespace().collect();
    let all = all.concat();
    let expected = format!("{all}ĐẬM{all}NGHIÊNG{all}NHỎ{all}KHÁC");
    assert!(letters.starts_with(&expected), "{letters}\nis not\n{expected}");
    for word in ["6.482", "°C", "≥", "≤", "–", "…", "«»", "“”", "▲▼", "−", "×", "½", "µ"]
    {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn decomposed_letters_are_drawn_as_composed_ones() {
    let job = |word: &str| Job {
        files: [("a.typ".into(), "#set text(font: \"Libertinus Serif\")\n#sys.inputs.word".into())].into(),
        main: "a.typ".into(),
        data: format!("{{\"word\": \"{word}\"}}"),
        at_ms: 0,
    };
    let decomposed: String = "Nguyễn Thị Ẩn Hường Ợ".nfd().collect();
    let read = read(&set(&job(&decomposed)).unwrap().pdf);
    assert_eq!(read.nfc().collect::<String>().trim(), "Nguyễn Thị Ẩn Hường Ợ");
}
