use yba_assets::{all, get, text};

#[test]
fn every_file_is_found_by_its_name_and_carries_a_hash() {
    assert!(all().len() >= 19);
    for asset in all() {
        assert!(std::ptr::eq(get(asset.name).unwrap(), asset), "{}", asset.name);
        assert!(!asset.bytes.is_empty(), "{}", asset.name);
        assert_eq!(asset.hash.len(), 16, "{}", asset.name);
        assert!(asset.hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}", asset.name);
    }
}

#[test]
fn what_is_not_there_or_not_text_is_none() {
    for name in ["", "../Cargo.toml", "index.rs", "stamp", "htmx"] {
        assert!(get(name).is_none(), "{name}");
        assert!(text(name).is_none(), "{name}");
    }
    assert!(text("inter-latin.woff2").is_none(), "a font is no text");
}

#[test]
fn media_types_suit_a_browser() {
    let mime = |name| get(name).unwrap().mime;
    assert_eq!(mime("htmx.min.js"), "text/javascript; charset=utf-8");
    assert_eq!(mime("icons.svg"), "image/svg+xml");
    assert_eq!(mime("be-vietnam-pro-vietnamese-400.woff2"), "font/woff2");
}

#[test]
fn fonts_and_scripts_are_what_their_names_say() {
    for asset in all().iter().filter(|asset| asset.name.ends_with(".woff2")) {
        assert_eq!(&asset.bytes[..4], b"wOF2", "{}", asset.name);
    }
    assert!(text("htmx.min.js").unwrap().contains("htmx"));
    assert!(text("idiomorph-ext.min.js").unwrap().contains("Idiomorph"));
}

#[test]
fn the_sprite_names_its_symbols_and_needs_no_style() {
    let sprite = text("icons.svg").unwrap();
    for name in
        ["search", "user", "pill", "syringe", "printer", "triangle-alert", "wifi-off", "lungs", "station"]
    {
        assert!(sprite.contains(&format!("<symbol id=\"i-{name}\" viewBox=")), "{name}");
    }
    assert!(!sprite.contains("style") && !sprite.contains("<script"));
}

#[test]
fn the_notices_name_every_owner_who_asks_for_it() {
    let notices = text("notices.html").unwrap();
    for owner in [
        "Thành phần của bên thứ ba",
        "htmx.org 2.0.11",
        "LOINC",
        "UCUM",
        "World Health Organization",
        "HL7",
        "GNU GENERAL PUBLIC LICENSE",
        "SIL OPEN FONT LICENSE",
    ] {
        assert!(notices.contains(owner), "{owner}");
    }
}

/// SNOMED CT needs a national licence: none of its content is carried (its address may be named).
#[test]
fn no_snomed_content_is_embedded() {
    let lists = text("valuesets.json.gz").unwrap();
    assert!(!lists.contains("snomed.info"));
}
