//! One sprite of `<symbol id="i-name">` out of the icons that `web/icons.txt` names.
//!
//! Lucide draws with strokes, Healthicons with fills; both take the colour of the text around them. Strokes are
//! 1.75 wide (design "Giấy").

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

/// One line of `web/icons.txt`.
#[derive(Debug, PartialEq)]
pub struct Icon {
    /// The name pages use: `search` for `#i-search`.
    pub name: String,
    /// Whose it is.
    pub family: Family,
    /// Its file, without `.svg`.
    pub file: String,
}

/// Where an icon comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Family {
    /// Actions.
    Lucide,
    /// Body, disease, place.
    Health,
}

/// Reads `web/icons.txt`: `name`, `name = file` for Lucide, `name = health/style/folder/file` for Healthicons.
pub fn list(text: &str) -> Result<Vec<Icon>> {
    let mut icons = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (name, file) =
            line.split_once('=').map_or((line, line), |(name, file)| (name.trim(), file.trim()));
        let plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
        if name.is_empty() || name.contains('/') || !plain(name) || !plain(file) {
            bail!("icons.txt line {}: «{line}» is not «name» or «name = file»", number + 1);
        }
        let (family, file) = match file.strip_prefix("health/") {
            Some(file) => (Family::Health, file),
            None => (Family::Lucide, file),
        };
        let icon = Icon { name: name.to_owned(), family, file: file.to_owned() };
        if icons.insert(name.to_owned(), icon).is_some() {
            bail!("icons.txt line {}: «{name}» stands twice", number + 1);
        }
    }
    Ok(icons.into_values().collect())
}

/// The sprite; `svg` reads an icon's file.
pub fn compile(icons: &[Icon], svg: impl Fn(&Icon) -> Result<String>) -> Result<String> {
    let mut sprite = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\">\n");
    for icon in icons {
        let drawing = symbol(&svg(icon)?).with_context(|| format!("icon {} ({})", icon.name, icon.file))?;
        let paint = match icon.family {
            Family::Lucide => {
                "fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" stroke-linecap=\"round\" stroke-linejoin=\"round\""
            }
            Family::Health => "fill=\"none\"",
        };
        let _ = writeln!(
            sprite,
            "<symbol id=\"i-{}\" viewBox=\"{}\" {paint}>{}</symbol>",
            icon.name, drawing.view_box, drawing.shapes
        );
    }
    sprite.push_str("</svg>\n");
    Ok(sprite)
}

struct Drawing {
    view_box: String,
    shapes: String,
}

/// The inside of an `<svg>`, on one line, and its view box. Refuses what a strict policy or a sprite would break.
fn symbol(svg: &str) -> Result<Drawing> {
    let start = svg.find("<svg").context("no <svg>")?;
    let open = start + svg[start..].find('>').context("an unfinished <svg>")?;
    let end = svg.rfind("</svg>").context("no </svg>")?;
    let view_box = svg[start..open].split("viewBox=\"").nth(1).and_then(|rest| rest.split('"').next());
    let inside = svg.get(open + 1..end).context("an empty <svg>")?;
    for refused in ["<style", "<script", "style=", "url(", "id=", "<!--"] {
        if inside.contains(refused) {
            bail!("holds {refused}");
        }
    }
    let shapes: String = inside.split_whitespace().collect::<Vec<_>>().join(" ").replace("> <", "><");
    Ok(Drawing { view_box: view_box.context("no viewBox")?.to_owned(), shapes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_family_and_file() {
        let icons =
            list("# actions\nsearch\nwarn = triangle-alert  # danger\nlungs = health/outline/body/lungs\n")
                .unwrap();
        let read: Vec<_> =
            icons.iter().map(|icon| (icon.name.as_str(), icon.family, icon.file.as_str())).collect();
        assert_eq!(
            read,
            [
                ("lungs", Family::Health, "outline/body/lungs"),
                ("search", Family::Lucide, "search"),
                ("warn", Family::Lucide, "triangle-alert")
            ]
        );
    }

    #[test]
    fn a_name_twice_or_a_path_out_is_refused_with_its_line() {
        assert!(list("x\nx\n").unwrap_err().to_string().contains("line 2"));
        assert!(list("x = ../../etc/passwd").is_err());
    }

    #[test]
    fn a_symbol_keeps_the_shapes_and_the_view_box() {
        let icons = list("search").unwrap();
        let svg = "<!-- licence -->\n<svg\n  width=\"24\"\n  viewBox=\"0 0 24 24\"\n>\n  <path d=\"m1 1\" />\n  <circle r=\"8\" />\n</svg>\n";
        let sprite = compile(&icons, |_| Ok(svg.to_owned())).unwrap();
        assert_eq!(
            sprite,
            "<svg xmlns=\"http://www.w3.org/2000/svg\">\n<symbol id=\"i-search\" viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.75\" stroke-linecap=\"round\" stroke-linejoin=\"round\"><path d=\"m1 1\" /><circle r=\"8\" /></symbol>\n</svg>\n"
        );
    }

    #[test]
    fn an_icon_with_styles_or_scripts_is_refused() {
        let icons = list("search").unwrap();
        for inside in ["<style>a{}</style>", "<path style=\"x\"/>", "<script/>", "<g id=\"a\"/>"] {
            let svg = format!("<svg viewBox=\"0 0 1 1\">{inside}</svg>");
            assert!(compile(&icons, |_| Ok(svg.clone())).is_err(), "{inside}");
        }
    }
}
