//! Views: ViewDefinitions as FHIR JSON, `views/<slug>/<first day>.json`. Content only finds them; who can compile and run
//! them does.

use crate::codes::first_day;
use crate::problem::Report;
use crate::source::Sources;
use yba_fhir::Day;

/// One edition of a view, as text.
#[derive(Debug, Clone)]
pub struct ViewText {
    pub slug: String,
    /// The first day in force.
    pub from: Day,
    /// Path inside content.
    pub path: String,
    pub text: String,
}

/// All editions, by slug and day.
pub(crate) fn load(sources: &Sources, report: &mut Report) -> Vec<ViewText> {
    let mut views = Vec::new();
    for slug in sources.folders("views/") {
        let folder = format!("views/{slug}/");
        let before = views.len();
        for source in sources.in_folder(&folder, ".json") {
            let Some(from) = first_day(source, report) else { continue };
            let (path, text) = (source.path.clone(), source.text.to_string());
            views.push(ViewText { slug: slug.clone(), from, path, text });
        }
        if views.len() == before {
            report.add(&folder, 0, "thư mục thiếu định nghĩa bảng, ví dụ 2026-01-01.json");
        }
    }
    views.sort_by(|one, other| (&one.slug, one.from).cmp(&(&other.slug, other.from)));
    views
}
