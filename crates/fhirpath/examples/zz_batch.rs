use std::io::BufRead;
use yba_fhir::json::{self, JsonValueTrait, Value, str_at};
use yba_fhirpath::*;
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let v: Value = json::from_str(&line).unwrap();
        let r = v.get("resource").unwrap();
        let options =
            CompileOptions { context: str_at(r, &["resourceType"]), other_roots: true, ..Default::default() };
        let env = Environment::at(1_772_413_200_000);
        let out = Program::compile_with(str_at(&v, &["expr"]).unwrap(), &options)
            .and_then(|p| p.evaluate(r, &env).map(|i| output::array(&i)));
        match out {
            Ok(t) => println!("{{\"result\":{t}}}"),
            Err(e) => println!("{{\"error\":{}}}", json::to_string(&e.to_string()).unwrap()),
        }
    }
}
