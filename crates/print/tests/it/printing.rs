//! Sheets in processes of their own: what does not end is ended, what grows is ended, and why is said to us alone.

use std::time::{Duration, Instant};
use yba_fhir::Kind;
use yba_print::Printer;
use yba_print::typeset::Job;

fn job() -> Job {
    Job { files: [("a.typ".into(), "a".into())].into(), main: "a.typ".into(), data: "{}".into(), at_ms: 0 }
}

fn shell(line: &str) -> Printer {
    Printer::apart("/bin/sh".into(), &["-c", line])
}

#[tokio::test]
async fn a_process_gets_the_job_and_its_output_is_the_answer() {
    let answer = shell("cat").print(job()).await.unwrap();
    assert!(String::from_utf8(answer).unwrap().contains("a.typ"));
    assert!(Printer::here().print(job()).await.unwrap().starts_with(b"%PDF"));
}

#[tokio::test]
async fn what_does_not_end_or_grows_or_fails_is_a_fault_of_ours() {
    let begun = Instant::now();
    let slow = shell("exec sleep 100").within(Duration::from_millis(300)).print(job()).await.unwrap_err();
    let large = shell("exec tail /dev/zero").print(job()).await.unwrap_err();
    let broken = shell("echo 'mau.typ:3: unknown variable' >&2; exit 1").print(job()).await.unwrap_err();
    for (outcome, why) in [(slow, "too long"), (large, "too much memory"), (broken, "mau.typ:3")] {
        assert_eq!(outcome.kind, Kind::Fault);
        assert!(outcome.to_string().contains(why), "{why}: {outcome}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn only_a_few_wait() {
    let printer = shell("sleep 0.3; cat");
    let asked = (0..12).map(|_| {
        let printer = printer.clone();
        tokio::spawn(async move { printer.print(job()).await.map_err(|outcome| outcome.kind) })
    });
    let mut kinds = Vec::new();
    for one in asked.collect::<Vec<_>>() {
        kinds.push(one.await.unwrap().err());
    }
    let refused = kinds.iter().filter(|kind| **kind == Some(Kind::TooMany)).count();
    assert_eq!((refused, kinds.iter().filter(|kind| kind.is_none()).count()), (4, 8));
}
