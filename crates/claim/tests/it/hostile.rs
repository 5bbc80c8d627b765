//! Whatever the bytes are, reading ends, in bounded memory, without a panic; and what passes can be mapped.

use crate::example::{base64, content, file, key, outpatient, read_within};
use proptest::prelude::*;
use yba_claim::Bounds;

fn bounds() -> Bounds {
    Bounds { part_bytes: 1 << 20, elements: 20_000, cell_chars: 10_000, ..Bounds::default() }
}

/// Reads, judges and maps what can be; answers how many visits passed.
fn swallow(bytes: &[u8]) -> usize {
    let content = content();
    let (_, visits) = read_within(bytes, bounds());
    let mut passed = 0;
    for visit in &visits {
        let judged = yba_claim::judge(visit, &content);
        if !judged.refused {
            let mapped =
                yba_claim::map(&judged.visit, &content, &key()).expect("a visit that passed can be mapped");
            let faults: Vec<String> = mapped.all().flat_map(crate::r4::faults).collect();
            assert!(faults.is_empty(), "{faults:#?}");
            passed += 1;
        }
    }
    passed
}

fn whole(pack: fn(&str) -> String) -> Vec<u8> {
    let hosos: Vec<String> =
        (1..=2).map(|number| crate::mapping::inpatient().other(number).hoso(pack)).collect();
    file("12001", "20261203", &hosos)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        swallow(&bytes);
    }

    #[test]
    fn arbitrary_markup_never_panics(pieces in prop::collection::vec("(<[A-Z_]{1,9}>|</[A-Z_]{1,9}>|<HOSO>|<FILEHOSO>|<NOIDUNGFILE>|<LOAIHOSO>XML1</LOAIHOSO>|</HOSO>|<!\\[CDATA\\[|\\]\\]>|&[a-z#0-9]{1,5};|[a-zA-Z0-9ạ ]{0,9})", 0..60)) {
        swallow(pieces.concat().as_bytes());
        swallow(format!("<GIAMDINHHS>{}", pieces.concat()).as_bytes());
    }

    #[test]
    fn damaged_files_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>()) {
        let mut bytes = whole(str::to_owned);
        for (at, value) in &flips {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        swallow(&bytes);
        let cut = cut.index(bytes.len());
        swallow(&bytes[..cut]);
    }

    /// Any text in any cell: the visit is refused or mapped to sound resources, never anything between.
    #[test]
    fn any_cell_may_hold_anything(part in 0usize..9, row in any::<prop::sample::Index>(), column in any::<prop::sample::Index>(), value in "(\\PC{0,30}|[0-9;.]{0,20}|[0-9]{8,14}|CSST<[A-Z0-9_/.]{0,20}>)") {
        let mut example = crate::mapping::inpatient();
        let part = part % example.0.len();
        let rows = &mut example.0[part].1;
        let row = row.index(rows.len());
        let cell = column.index(rows[row].len());
        rows[row][cell].1 = value;
        swallow(&file("12001", "20261203", &[example.hoso(base64)]));
    }
}

#[test]
fn undamaged_files_pass() {
    assert_eq!(swallow(&whole(base64)), 2);
    assert_eq!(swallow(&whole(str::to_owned)), 2);
    assert_eq!(swallow(&outpatient().file()), 1);
}

/// A file of the size a province sends in a month does not need its own size many times over: visits are handed over
/// one by one.
#[test]
fn visits_are_handed_over_one_by_one() {
    let one = outpatient().hoso(base64);
    let hosos: Vec<String> = std::iter::repeat_n(one, 500).collect();
    let bytes = file("12001", "20261203", &hosos);
    let content = content();
    let shapes = yba_claim::Shapes::of(content.claims());
    let (mut now, mut count) = (0usize, 0u32);
    yba_claim::envelope::read("a.xml", &bytes, &shapes, bounds(), &mut |visit| {
        now = now.max(visit.parts.iter().map(|part| part.xml().len()).sum());
        count += 1;
    });
    assert_eq!(count, 500);
    assert!(now < bytes.len() / 100, "a visit holds {now} of {} bytes", bytes.len());
}
