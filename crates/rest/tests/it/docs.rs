//! The examples of `docs/api.md` are run as they stand, so the page cannot promise what is not so.

use crate::house::{House, each};

const PAGE: &str = include_str!("../../../../docs/api.md");

/// An example: the status that stands above it, and the words of the command.
struct Example {
    status: u16,
    words: Vec<String>,
}

#[tokio::test]
async fn the_examples_of_the_page_answer_as_it_says() {
    each(async |house| {
        yba_subscription::prepare(&house.kit.records).await.unwrap();
        yba_mpi::follower::catch_up(&house.kit.records).await.unwrap();
        let mut version = String::new();
        let examples = examples();
        assert!(examples.len() > 12, "the page has its examples: {}", examples.len());
        for example in examples {
            let said = ask(&house, &example.words, &version).await;
            assert_eq!(said.status.as_u16(), example.status, "{:?}: {said:?}", example.words);
            if !said.header("etag").is_empty() {
                version = said.header("etag").trim_start_matches("W/").trim_matches('"').to_owned();
            }
        }
    })
    .await;
}

fn examples() -> Vec<Example> {
    PAGE.split("```sh\n")
        .skip(1)
        .map(|rest| {
            let (block, _) = rest.split_once("\n```").unwrap();
            let (status, command) = block.split_once('\n').unwrap();
            let status = status.strip_prefix("# ").unwrap().parse().unwrap();
            Example { status, words: words(command) }
        })
        .collect()
}

/// The words of a command line: single quotes, double quotes with `\"`, and `\` at the end of a line.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut begun) = (Vec::new(), String::new(), None, false);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some('"') | None, '\\') => word.extend(letters.next().filter(|next| *next != '\n')),
            (Some(_), letter) => word.push(letter),
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (None, letter) if letter.is_whitespace() => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            (None, letter) => word.push(letter),
        }
    }
    words.extend((begun || !word.is_empty()).then_some(word));
    words
}

async fn ask(house: &House, words: &[String], version: &str) -> crate::house::Said {
    let (mut method, mut path, mut headers, mut body) = ("", String::new(), Vec::new(), String::new());
    let filled: Vec<String> =
        words.iter().map(|word| word.replace("$BASE", "/fhir").replace("$VERSION", version)).collect();
    let mut rest = filled.iter().map(String::as_str);
    assert_eq!(rest.next(), Some("curl"));
    while let Some(word) = rest.next() {
        match word {
            "-X" => method = rest.next().unwrap(),
            "-H" => headers.push(rest.next().unwrap().split_once(": ").unwrap()),
            "-d" => body = rest.next().unwrap().to_owned(),
            "--data-urlencode" => {
                let (name, value) = rest.next().unwrap().split_once('=').unwrap();
                body =
                    format!("{name}={}", value.replace('|', "%7C").replace(':', "%3A").replace('/', "%2F"));
                headers.push(("content-type", "application/x-www-form-urlencoded"));
            }
            address => path = address.to_owned(),
        }
    }
    let method = match method {
        "" if body.is_empty() => "GET",
        "" => "POST",
        method => method,
    };
    house.ask(method, &path, &headers, body).await
}
