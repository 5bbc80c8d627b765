//! `yba fhirpath`: evaluates an expression on a resource, or many on many.

use clap::Args;
use std::io::{BufRead, Read, Write};
use yba_fhir::json::{self, JsonValueTrait, Value, str_at};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhirpath::{CompileOptions, Environment, PathError, Program, output};

#[derive(Debug, Clone, Args)]
pub struct FhirpathArgs {
    /// The expression, evaluated on the resource on stdin
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub expr: Option<String>,
    /// Read one {"expr","resource"} per line; print one {"result":[…]} or {"error":"…"} per line
    #[arg(long)]
    pub batch: bool,
}

/// Prints a JSON array; exit 1 when the expression or the resource is wrong.
pub fn run(args: &FhirpathArgs) -> anyhow::Result<u8> {
    let now_ms = yba_store::Clock::system().now_ms();
    let (stdin, stdout) = (std::io::stdin().lock(), std::io::stdout().lock());
    match &args.expr {
        Some(expr) => one(expr, stdin, stdout, now_ms),
        None => batch(stdin, stdout, now_ms),
    }
}

fn one(expr: &str, input: impl Read, mut output: impl Write, now_ms: i64) -> anyhow::Result<u8> {
    let limits = Limits::default();
    let mut bytes = Vec::new();
    input.take(limits.bytes as u64 + 1).read_to_end(&mut bytes)?;
    let answer = parse_json(&bytes, &limits)
        .map_err(|outcome| outcome.to_string())
        .and_then(|resource| evaluate(expr, &resource, now_ms).map_err(|error| error.to_string()));
    match answer {
        Ok(text) => {
            writeln!(output, "{text}")?;
            Ok(0)
        }
        Err(message) => {
            eprintln!("yba: {message}");
            Ok(1)
        }
    }
}

/// A line that is wrong answers with its error and the next one goes on.
fn batch(mut input: impl BufRead, mut output: impl Write, now_ms: i64) -> anyhow::Result<u8> {
    let limits = Limits::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.by_ref().take(limits.bytes as u64 + 2).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(0);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line.len() > limits.bytes + 1 {
            anyhow::bail!("a line is longer than {} bytes", limits.bytes);
        }
        match answer(line.trim_ascii(), &limits, now_ms) {
            Ok(result) => writeln!(output, "{{\"result\":{result}}}")?,
            Err(message) => writeln!(output, "{{\"error\":{}}}", json::to_string(&message)?)?,
        }
    }
}

fn answer(line: &[u8], limits: &Limits, now_ms: i64) -> Result<String, String> {
    // The resource may nest as deep as it may alone.
    let limits = Limits { depth: limits.depth + 1, ..*limits };
    let request = parse_json(line, &limits).map_err(|outcome| outcome.to_string())?;
    let expr = str_at(&request, &["expr"]).ok_or("the line has no text \"expr\"")?;
    let resource = request.get("resource").ok_or("the line has no \"resource\"")?;
    evaluate(expr, resource, now_ms).map_err(|error| error.to_string())
}

/// The result as a JSON array. The expression is checked against the type of the resource; a path that begins with
/// another type is empty.
fn evaluate(expr: &str, resource: &Value, now_ms: i64) -> Result<String, PathError> {
    let options = CompileOptions {
        context: str_at(resource, &["resourceType"]),
        other_roots: true,
        ..CompileOptions::default()
    };
    let program = Program::compile_with(expr, &options)?;
    let items = program.evaluate(resource, &Environment::at(now_ms))?;
    Ok(output::array(&items))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_772_413_200_000;

    #[test]
    fn a_resource_on_stdin_gives_an_array() {
        let run = |expr: &str, resource: &str| {
            let mut out = Vec::new();
            let code = one(expr, resource.as_bytes(), &mut out, NOW_MS).unwrap();
            (code, String::from_utf8(out).unwrap())
        };
        let patient = r#"{"resourceType":"Patient","name":[{"family":"Ân"}],"birthDate":"1990-02-01"}"#;
        assert_eq!(run("Patient.name.family | today()", patient), (0, "[\"Ân\",\"2026-03-02\"]\n".into()));
        assert_eq!(
            run("name.where(family='Ân')", patient).1,
            "[{\"type\":\"HumanName\",\"value\":{\"family\":\"Ân\"}}]\n"
        );
        assert_eq!(run("Patient.nam", patient), (1, String::new()));
        assert_eq!(run("name", "{"), (1, String::new()));
    }

    #[test]
    fn a_batch_answers_every_line_and_goes_on_after_a_wrong_one() {
        let lines = concat!(
            r#"{"expr":"value.value","resource":{"resourceType":"Observation","valueQuantity":{"value":7.20}}}"#,
            "\n\n",
            r#"{"expr":"value.","resource":{}}"#,
            "\nx\n",
            r#"{"expr":"1+1","resource":{}}"#
        );
        let mut out = Vec::new();
        assert_eq!(batch(lines.as_bytes(), &mut out, NOW_MS).unwrap(), 0);
        let out = String::from_utf8(out).unwrap();
        let answers: Vec<&str> = out.lines().collect();
        assert_eq!(answers.len(), 4);
        assert_eq!(answers[0], r#"{"result":[7.20]}"#);
        assert!(answers[1].starts_with(r#"{"error":"1:7: unexpected the end"#), "{}", answers[1]);
        assert!(answers[2].starts_with(r#"{"error":""#));
        assert_eq!(answers[3], r#"{"result":[2]}"#);
    }
}
