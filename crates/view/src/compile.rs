//! The definition becomes programs; what cannot be right is refused with its place.
//! <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition-definitions.html>

use crate::column::{self, Column, Wanted, is_sql_name};
use crate::constant;
use crate::fault::Faults;
use crate::read::Part;
use crate::select::{ColumnSource, Each, Limits, Select, Source, View};
use std::collections::HashSet;
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhirpath::schema::{Kind, schema};
use yba_fhirpath::{CompileOptions, Item, PathError, Program, Shape};

/// The variable a runner sets for each item.
pub(crate) const ROW_INDEX: &str = "rowIndex";

/// What a ViewDefinition may carry besides what rows come from: its metadata, of every FHIR version that has it.
const ABOUT: &[&str] = &[
    "resourceType",
    "resourceDefinition",
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "url",
    "identifier",
    "version",
    "versionAlgorithmString",
    "versionAlgorithmCoding",
    "name",
    "title",
    "status",
    "experimental",
    "date",
    "publisher",
    "contact",
    "description",
    "useContext",
    "jurisdiction",
    "purpose",
    "copyright",
    "copyrightLabel",
    "approvalDate",
    "lastReviewDate",
    "effectivePeriod",
    "topic",
    "author",
    "editor",
    "reviewer",
    "endorser",
    "relatedArtifact",
    "resource",
    "profile",
    "fhirVersion",
    "constant",
    "select",
    "where",
];
const SELECT: &[&str] = &["column", "select", "forEach", "forEachOrNull", "repeat", "unionAll"];
/// The guide's own examples write both `tag` and `tags`.
const COLUMN: &[&str] = &["name", "path", "type", "collection", "description", "tag", "tags"];

/// How `resourceType` is written: by the guide's version 3, and by version 2.
const TYPES: &[&str] = &[
    "ViewDefinition",
    "http://hl7.org/fhir/StructureDefinition/ViewDefinition",
    "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition",
];

struct Compiler {
    faults: Faults,
    constants: Vec<(String, Item<'static>)>,
    limits: Limits,
    columns: usize,
    parts: usize,
    counts_rows: bool,
}

/// Compiles a definition, see [`View::compile_within`].
pub(crate) fn compile(definition: &Value, limits: Limits) -> Result<View, Outcome> {
    let mut compiler = Compiler {
        faults: Faults::default(),
        constants: Vec::new(),
        limits,
        columns: 0,
        parts: 0,
        counts_rows: false,
    };
    let part = Part { value: definition, place: "ViewDefinition".into() };
    let view = compiler.view(&part);
    compiler.faults.finish()?;
    view.ok_or_else(|| Outcome::fault("a view without faults and without selects"))
}

impl Compiler {
    fn view(&mut self, part: &Part) -> Option<View> {
        if !part.is_object_of(ABOUT, &mut self.faults) {
            return None;
        }
        self.kind(part);
        let name = part.text("name", &mut self.faults);
        name.inspect(|name| {
            is_sql_name(part, name, &mut self.faults);
        });
        let resource = self.resource(part);
        self.constants(part);
        let shape = resource.and_then(|name| schema().fhir(name)).map_or_else(Shape::any, Shape::of);
        let conditions = self.conditions(part, &shape);
        if part.list("select", &mut self.faults).is_empty() {
            let (vi, en) = ("cần ít nhất một “select”", "at least one \"select\" is required");
            self.faults.add(&part.place_of("select"), "view-required", vi, en);
        }
        let selects = self.selects(part, "select", &shape, 1);
        let (mut root, mut columns) = (Select::of(Each::Here), Vec::new());
        for (select, own) in selects {
            root.selects.push(select);
            columns.extend(own);
        }
        self.names(&columns);
        root.settle();
        let text = |name: &str| part.value.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        Some(View {
            name: name.map(str::to_owned),
            url: text("url"),
            title: text("title"),
            resource: resource?.to_owned(),
            conditions,
            root,
            columns: columns.into_iter().map(|(column, _)| column).collect(),
            counts_rows: self.counts_rows,
            limits: self.limits,
        })
    }

    fn kind(&mut self, part: &Part) {
        if let Some(kind) = part.text("resourceType", &mut self.faults)
            && !TYPES.contains(&kind)
        {
            self.faults.add(
                &part.place_of("resourceType"),
                "view-type",
                format!("đây là {kind}, không phải ViewDefinition"),
                format!("this is a {kind}, not a ViewDefinition"),
            );
        }
        if part.has("implicitRules") {
            let (vi, en) = ("không biết các quy ước ngầm này", "implicit rules are not known here");
            self.faults.add(&part.place_of("implicitRules"), "view-unknown-element", vi, en);
        }
    }

    fn resource<'v>(&mut self, part: &Part<'v>) -> Option<&'v str> {
        let name = part.required_text("resource", &mut self.faults)?;
        let known = |id| schema().get(id).kind == Kind::Resource && !schema().is_abstract(id);
        if schema().fhir(name).is_some_and(known) {
            return Some(name);
        }
        self.faults.add(
            &part.place_of("resource"),
            "view-resource",
            format!("FHIR R4 không có loại tài nguyên “{name}”"),
            format!("R4 has no resource type \"{name}\""),
        );
        None
    }

    fn constants(&mut self, part: &Part) {
        for part in part.list("constant", &mut self.faults) {
            if !self.count_part(&part) {
                return;
            }
            let Some((name, item)) = constant::read(&part, &mut self.faults) else { continue };
            if self.constants.iter().any(|(known, _)| *known == name) {
                self.twice(&part.place_of("name"), &name);
                continue;
            }
            self.constants.push((name, item));
        }
    }

    fn conditions(&mut self, part: &Part, shape: &Shape) -> Vec<Source> {
        let mut conditions = Vec::new();
        for part in part.list("where", &mut self.faults) {
            if !self.count_part(&part) || !part.is_object_of(&["path", "description"], &mut self.faults) {
                continue;
            }
            let Some(path) = part.required_text("path", &mut self.faults) else { continue };
            let Some(source) = self.source(path, part.place_of("path"), shape) else { continue };
            let boolean = Wanted::declared("boolean").expect("R4 has boolean");
            if !boolean.admits_shape(source.program.leaves()) {
                let (vi, en) = ("điều kiện phải cho kết quả đúng/sai", "a condition must be a Boolean");
                self.faults.add(&source.place, "view-condition", vi, en);
            }
            conditions.push(source);
        }
        conditions
    }

    /// The selects of a list with the columns each of them gives.
    fn selects(&mut self, part: &Part, name: &str, shape: &Shape, depth: usize) -> Vec<(Select, Vec<Named>)> {
        let mut selects = Vec::new();
        for part in part.list(name, &mut self.faults) {
            if depth > self.limits.depth {
                self.too_much(&part.place, "tầng select lồng nhau", "nested selects", self.limits.depth);
                break;
            }
            if !self.count_part(&part) {
                break;
            }
            if part.is_object_of(SELECT, &mut self.faults) {
                selects.push(self.select(&part, shape, depth));
            }
        }
        selects
    }

    fn select(&mut self, part: &Part, shape: &Shape, depth: usize) -> (Select, Vec<Named>) {
        let (each, shape) = self.each(part, shape);
        let mut select = Select::of(each);
        let mut columns = Vec::new();
        for part in part.list("column", &mut self.faults) {
            if let Some((source, column)) = self.column(&part, &shape) {
                select.columns.push(source);
                columns.push((column, part.place));
            }
        }
        for (inner, own) in self.selects(part, "select", &shape, depth + 1) {
            select.selects.push(inner);
            columns.extend(own);
        }
        let branches = self.selects(part, "unionAll", &shape, depth + 1);
        let mut first: Option<Vec<Named>> = None;
        for (position, (inner, own)) in branches.into_iter().enumerate() {
            match &first {
                None => first = Some(own),
                Some(first) => self.union(first, &own, &format!("{}.unionAll[{position}]", part.place)),
            }
            select.union.push(inner);
        }
        columns.extend(first.into_iter().flatten());
        select.settle();
        (select, columns)
    }

    /// Refuses a branch whose columns are not those of the first one.
    fn union(&mut self, first: &[Named], own: &[Named], place: &str) {
        let names = |columns: &[Named]| {
            columns.iter().map(|(column, _)| column.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        if names(first) != names(own) {
            self.faults.add(
                place,
                "view-union",
                format!("nhánh này có cột ({}), nhánh đầu có ({})", names(own), names(first)),
                format!("this branch has the columns ({}), the first one ({})", names(own), names(first)),
            );
            return;
        }
        for ((one, _), (other, place)) in
            first.iter().zip(own).filter(|(one, own)| !column::alike(&one.0, &own.0))
        {
            let kind = |column: &Column| {
                let list = if column.collection { "[]" } else { "" };
                format!("{}{list}", column.fhir_type.as_deref().unwrap_or("?"))
            };
            self.faults.add(
                place,
                "view-union",
                format!("cột “{}” ở đây là {}, ở nhánh đầu là {}", one.name, kind(other), kind(one)),
                format!("column \"{}\" is {} here, {} in the first branch", one.name, kind(other), kind(one)),
            );
        }
    }

    /// What the select is evaluated on, and what is known of that.
    fn each(&mut self, part: &Part, shape: &Shape) -> (Each, Shape) {
        let given: Vec<&str> =
            ["forEach", "forEachOrNull", "repeat"].into_iter().filter(|name| part.has(name)).collect();
        if given.len() > 1 {
            let list = given.join(", ");
            self.faults.add(
                &part.place,
                "view-each",
                format!("chỉ được dùng một trong: {list}"),
                format!("only one of these may be there: {list}"),
            );
        }
        match given.first() {
            None => (Each::Here, shape.clone()),
            Some(&"repeat") => self.repeat(part, shape),
            Some(name) => {
                let path = part.text(name, &mut self.faults);
                let source = path.and_then(|path| self.source(path, part.place_of(name), shape));
                let Some(source) = source else { return (Each::Here, Shape::any()) };
                let leaves = source.program.leaves().clone();
                let each = if *name == "forEach" { Each::Items } else { Each::ItemsOrNull };
                (each(source), leaves)
            }
        }
    }

    /// What the paths find is searched again, so they need not make sense where they begin: an element that is
    /// unknown there is empty. The types they can find are collected until there are no more.
    fn repeat(&mut self, part: &Part, shape: &Shape) -> (Each, Shape) {
        let mut paths = Vec::new();
        for item in part.list("repeat", &mut self.faults) {
            match item.value.as_str() {
                Some(path) => paths.push((path, item.place)),
                None => self.faults.add(&item.place, "view-type", "phải là một chuỗi", "a text is expected"),
            }
        }
        if paths.is_empty() {
            let (vi, en) = ("“repeat” cần ít nhất một đường dẫn", "\"repeat\" takes at least one path");
            self.faults.add(&part.place_of("repeat"), "view-required", vi, en);
        }
        let mut found = Shape::nothing();
        for _ in 0..self.limits.depth {
            let known = found.clone();
            for (path, _) in &paths {
                let searched = shape.clone().or(known.clone());
                let leaves = self.program(path, &searched).map(|program| program.leaves().clone());
                found = found.or(leaves.unwrap_or_else(|_| Shape::nothing()));
            }
            if found == known {
                break;
            }
        }
        let sources = paths.into_iter().filter_map(|(path, place)| self.source(path, place, &Shape::any()));
        (Each::Repeat(sources.collect()), found)
    }

    fn column(&mut self, part: &Part, shape: &Shape) -> Option<(ColumnSource, Column)> {
        self.columns += 1;
        if self.columns > self.limits.columns {
            if self.columns == self.limits.columns + 1 {
                self.too_much(&part.place, "cột", "columns", self.limits.columns);
            }
            return None;
        }
        if !part.is_object_of(COLUMN, &mut self.faults) {
            return None;
        }
        let faults = &mut self.faults;
        let name = part.required_text("name", faults).filter(|name| is_sql_name(part, name, faults));
        let path = part.required_text("path", faults);
        let (collection, description) = (part.flag("collection", faults), part.text("description", faults));
        let (declared, tags) = (self.declared(part), self.tags(part));
        let (name, path) = (name?, path?);
        let source = self.source(path, part.place_of("path"), shape)?;
        let (inferred, inferred_name) = Wanted::inferred(source.program.leaves());
        let (wanted, fhir_type) = match declared {
            Some((wanted, name)) => (wanted, Some(name)),
            None => (inferred, inferred_name),
        };
        self.check_type(part, &source, wanted);
        let column = Column {
            name: name.to_owned(),
            fhir_type,
            form: wanted.form(),
            collection,
            description: description.map(str::to_owned),
            tags,
        };
        let is_row_index = path.trim() == "%rowIndex";
        let source = ColumnSource { source, name: name.to_owned(), wanted, collection, is_row_index };
        Some((source, column))
    }

    fn declared(&mut self, part: &Part) -> Option<(Wanted, String)> {
        let text = part.text("type", &mut self.faults)?;
        let wanted = Wanted::declared(text);
        if wanted.is_none() {
            self.faults.add(
                &part.place_of("type"),
                "view-column-type",
                format!("FHIR R4 không có kiểu “{text}”"),
                format!("R4 has no type \"{text}\""),
            );
        }
        let name = text.rsplit('/').next().unwrap_or(text);
        Some((wanted?, name.to_owned()))
    }

    fn check_type(&mut self, part: &Part, source: &Source, wanted: Wanted) {
        if wanted.admits_shape(source.program.leaves()) {
            return;
        }
        let found = source.program.leaves().names();
        let declared = part.value.get("type").and_then(|value| value.as_str());
        let (text, diagnostics) = match declared {
            Some(declared) => (
                format!("biểu thức cho kết quả {found}, không phải {declared} như đã khai"),
                format!("the expression leaves {found}, not {declared} as declared"),
            ),
            None => (
                format!("biểu thức cho kết quả {found} có nhiều phần: hãy lấy từng phần, hoặc khai “type”"),
                format!(
                    "the expression leaves {found}, which has parts: take one of them, or declare \"type\""
                ),
            ),
        };
        self.faults.add(&part.place_of("path"), "view-column-type", text, diagnostics);
    }

    fn tags(&mut self, part: &Part) -> Vec<(String, String)> {
        let mut tags = Vec::new();
        for list in ["tag", "tags"] {
            for tag in part.list(list, &mut self.faults) {
                if !self.count_part(&tag) || !tag.is_object_of(&["name", "value"], &mut self.faults) {
                    continue;
                }
                let name = tag.required_text("name", &mut self.faults);
                let value = tag.required_text("value", &mut self.faults);
                tags.extend(name.zip(value).map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
        }
        tags
    }

    /// Compiles an expression; what is wrong with it goes to the faults.
    fn source(&mut self, path: &str, place: String, shape: &Shape) -> Option<Source> {
        match self.program(path, shape) {
            Ok(program) => {
                self.counts_rows |= path.contains(ROW_INDEX);
                Some(Source { place, program })
            }
            Err(error) => {
                self.faults.expression(&place, error);
                None
            }
        }
    }

    fn program(&self, path: &str, shape: &Shape) -> Result<Program, PathError> {
        let options = CompileOptions {
            within: Some(shape),
            variables: Some(&[ROW_INDEX]),
            constants: &self.constants,
            ..CompileOptions::default()
        };
        Program::compile_with(path, &options)
    }

    /// Refuses names that are there twice, and a view without columns.
    fn names(&mut self, columns: &[Named]) {
        let mut seen = HashSet::new();
        let twice: Vec<_> = columns.iter().filter(|(column, _)| !seen.insert(&column.name)).collect();
        for (column, place) in twice {
            self.twice(&format!("{place}.name"), &column.name);
        }
    }

    fn twice(&mut self, place: &str, name: &str) {
        let (vi, en) = (format!("tên “{name}” đã dùng rồi"), format!("the name \"{name}\" is there already"));
        self.faults.add(place, "view-duplicate", vi, en);
    }

    /// Counts a part; refuses the first one too many.
    fn count_part(&mut self, part: &Part) -> bool {
        self.parts += 1;
        if self.parts == self.limits.parts + 1 {
            self.too_much(&part.place, "phần", "parts", self.limits.parts);
        }
        self.parts <= self.limits.parts
    }

    fn too_much(&mut self, place: &str, vi: &str, en: &str, most: usize) {
        self.faults.add(
            place,
            "view-limit",
            format!("định nghĩa có hơn {most} {vi}"),
            format!("the definition has more than {most} {en}"),
        );
    }
}

/// A column and its place.
type Named = (Column, String);

impl Select {
    fn of(each: Each) -> Select {
        Select { each, columns: Vec::new(), selects: Vec::new(), union: Vec::new(), null_row: Vec::new() }
    }

    /// Takes columns of inner selects that are evaluated on the same item as its own, as long as the order stays, and
    /// makes the row of nulls.
    fn settle(&mut self) {
        while self.selects.first().is_some_and(Select::is_plain) {
            self.columns.extend(self.selects.remove(0).columns);
        }
        let own = self.columns.iter().map(|column| column.is_row_index.then_some(Item::Integer(0)));
        let inner = self.selects.iter().chain(self.union.first()).flat_map(|select| select.null_row.clone());
        self.null_row = own.chain(inner).collect();
    }

    fn is_plain(&self) -> bool {
        matches!(self.each, Each::Here) && self.selects.is_empty() && self.union.is_empty()
    }

    /// How many columns it gives.
    pub fn width(&self) -> usize {
        self.null_row.len()
    }
}
