//! The cellar: every third-party file that the program carries, embedded. Made by `cargo xtask assets`.
//!
//! It deliberately does not know what is in the files, how they are served, or how they were made (that is
//! `xtask/src/assets`). Start reading at [`get`] and [`text`].
//!
//! # The tables
//!
//! All are gzip; [`text`] unpacks them. TSV tables have no header line, no quoting, and end every row with `\n`.
//!
//! **`r4.json.gz`**: FHIR R4 (4.0.1) resource types and datatypes, search parameters, compartments.
//!
//! ```json
//! {"types": {"Patient": {
//!    "kind": "resource",            // or complex-type, primitive-type
//!    "base": "DomainResource",      // absent on Element and Resource
//!    "abstract": 1,                 // absent when it can be instantiated
//!    "x": "[0-9]+",                 // regular expression of a primitive type's value, where R4 gives one
//!    "k": [["pat-1", "error", "words", "FHIRPath"]], // invariants of the type itself, not of its bases
//!    "elements": [{                 // the whole snapshot, in order, root left out, inherited ones included
//!      "p": "contact.name",         // path without the type; choices as "value[x]"; contentReference not unfolded
//!      "t": ["HumanName"],          // types; "System.String" and such on a primitive's own "value"; empty with "c"
//!      "min": 0, "max": 1,          // -1 for *
//!      "b": ["required", "http://…"], // binding: strength, value set without version
//!      "s": 1, "m": 1,              // in summary; modifier
//!      "r": ["Organization"],       // targets of Reference and canonical, "Resource" for any
//!      "c": "#Questionnaire.item",  // same content as that element
//!      "k": [["que-1", "error", "words", "FHIRPath"]] // invariants that this element introduces
//!    }]}},
//!  "search": [{
//!    "c": "name", "u": "http://hl7.org/fhir/SearchParameter/Patient-name", "b": ["Patient"], "t": "string",
//!    "e": "Patient.name",           // FHIRPath; absent for _text, _content, _query
//!    "tg": ["Organization"],        // targets of a reference
//!    "cp": [["definition url", "expression"]] // parts of a composite
//!  }],
//!  "compartment": {"Patient": {"Observation": ["subject", "performer"]}}}
//! ```
//!
//! `x`, `k`, `b`, `s`, `m`, `r`, `c`, `e`, `tg`, `cp` are absent when they have nothing to say.
//!
//! **`valuesets.json.gz`**: `{"value set url": [["system url", ["code", …]], …]}` for the required bindings of R4
//! whose codes can be listed. A value set that is absent (media types, currencies, units, languages) cannot be
//! checked by a list.
//!
//! **`terminology.tsv.gz`**: the code systems, value sets and concept maps of R4, v3 and v2, with currencies and
//! countries. Cells are parted by tabs, empty ones at the end of a line are left out, the first letter says what a line
//! is; a line belongs to the nearest heading above it. Headings come by kind and address.
//!
//! ```text
//! S url version name title content case    a code system; content as in FHIR; case 0 when it does not matter
//! 0male Male flags                         a concept: its depth (base 36), code, display; flags: a not selectable,
//!                                          i inactive, d deprecated
//! ^code                                    a further parent of the concept above
//! ~property value                          a property of the concept above
//! V url version name title                 a value set
//! + system version                         an include; - an exclude
//! =code display                            a code of the list above
//! ?property op value                       a filter
//! @url                                     an import
//! !                                        codes or filters were withheld (SNOMED): nobody can tell what is in
//! M url version name title source target   a concept map, between value sets
//! G source target                          a group, between code systems
//! :code equivalence target                 a mapping; several lines for several targets
//! U mode code                              what is unmapped
//! ```
//!
//! SNOMED is there as a name without content.
//!
//! **`icd10.tsv.gz`**: code (`E11.9`, `E11`), Vietnamese title (may be empty: show the English one), English title,
//! parent. The parent of `E11.9` is `E11`, that of `E11` a row of **`icd10-blocks.tsv.gz`**, which has the same
//! columns for blocks (`E10-E14`, parent `IV`) and chapters (`IV`, no parent). The Vietnamese is GNU Health's
//! volunteers', not the Ministry's list. Sorted by code.
//!
//! **`units.tsv.gz`**: communes in force since 2025-07-01: province code (2 digits), commune code (5 digits), name with
//! its kind (`Xã Bình Lư`), province with its kind (`Tỉnh Lai Châu`), latitude and longitude of the centre in degrees,
//! area in km² (two are empty). Sorted by commune code.
//!
//! **`units-old.tsv.gz`**: communes as they stood on 2025-06-30: old commune code (5 digits), name with its kind,
//! district with its kind, old province code, old province, new commune codes joined by `;` with the default first
//! (several when the commune was divided), old district code (3 digits). Five island districts without communes
//! have an empty code and name: find them by district code. Communes merged before 2025 are not in it.
//!
//! # The other files
//!
//! `htmx.min.js`, `idiomorph-ext.min.js`; `be-vietnam-pro-{latin,vietnamese}-{400,500,600,700}.woff2`, `inter-latin.woff2`
//! (for digits); `icons.svg`, a sprite of `<symbol id="i-name">` with the names of `web/icons.txt`; `notices.html`, the
//! body of the third-party notices page, one `h1` included.

#![warn(missing_docs)]

use std::io::Read;

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Its name, such as `htmx.min.js`; unique.
    pub name: &'static str,
    /// Its bytes, compressed when the name ends in `.gz`.
    pub bytes: &'static [u8],
    /// The first 16 hexadecimal digits of the SHA-256 of `bytes`, for addresses that may be cached for ever.
    pub hash: &'static str,
    /// Its media type.
    pub mime: &'static str,
}

include!(env!("YBA_ASSETS_INDEX"));

const _: () = assert!(FORMAT == 4, "the asset folder is of another version: run `cargo xtask assets`");

/// More than any table of ours unpacks to; a guard, for the files are ours.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Every embedded file, sorted by name.
pub fn all() -> &'static [Asset] {
    ASSETS
}

/// The file of that name.
pub fn get(name: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.name.cmp(name)).ok().map(|found| &ASSETS[found])
}

/// The text of a file, unpacked when its name ends in `.gz`.
///
/// `None` when there is no such file or it is not UTF-8 text. Never panics.
pub fn text(name: &str) -> Option<String> {
    let asset = get(name)?;
    if !name.ends_with(".gz") {
        return String::from_utf8(asset.bytes.to_vec()).ok();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(asset.bytes).take(TEXT_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}
