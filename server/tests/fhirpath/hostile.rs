//! Expressions that want too much: each ends soon, with an error that says what was too much.

use std::time::{Duration, Instant};

use brazier_server::fhirpath::{Environment, EvaluationError, Expression};
use brazier_server::resource::Json;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::r4;

fn error(expression: &str) -> EvaluationError {
    let expression = Expression::parse(expression).unwrap();
    let began = Instant::now();
    let error = expression
        .evaluate_resource(&Environment::empty(r4()))
        .unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(20), "{expression:?}");
    error
}

fn numbers() -> String {
    let numbers: Vec<_> = (0..40).map(|number| number.to_string()).collect();
    format!("({})", numbers.join("|"))
}

#[test]
fn what_goes_on_for_ever_ends() {
    for expression in [
        "1.repeat($this + 1)".to_owned(),
        "'a'.repeat($this & 'a')".to_owned(),
        format!("{0}.select({0}.select({0}.select({0}.select({0}))))", numbers()),
        format!("{0}.aggregate($total.combine($total), 1)", numbers()),
    ] {
        assert!(
            matches!(error(&expression), EvaluationError::TooManySteps(_)),
            "{expression:.60}"
        );
    }
}

#[test]
fn texts_do_not_grow_without_end() {
    for expression in [
        format!("{}.aggregate($total & $total, 'abcdefgh')", numbers()),
        format!("{}.aggregate($total.replace('a', $total), 'aaaa')", numbers()),
        format!(
            "{}.aggregate($total.replaceMatches('.*', '$0$0$0$0'), 'aaaa')",
            numbers()
        ),
        format!("{}.aggregate($total.split('a').join($total), 'aaaa')", numbers()),
    ] {
        let error = error(&expression);
        let is_bounded = matches!(
            error,
            EvaluationError::TooManySteps(_) | EvaluationError::TextTooLong(_)
        );
        assert!(is_bounded, "{expression:.60}: {error}");
    }
}

#[test]
fn patterns_are_limited() {
    for pattern in ["(a{1000}){1000}", "(", "(?:a{0,1000}){0,1000}"] {
        let error = error(&format!("'a'.matches('{pattern}')"));
        assert!(
            matches!(error, EvaluationError::Pattern { .. }),
            "{pattern}: {error}"
        );
    }
}

/// What expressions are made of, to be put together without sense.
const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{}",
    ".",
    ",",
    "|",
    "&",
    "+",
    "-",
    "*",
    "/",
    "=",
    "~",
    "<",
    ">=",
    "div",
    "mod",
    "and",
    "is",
    "as",
    "in",
    "implies",
    "$this",
    "$index",
    "$total",
    "%resource",
    "%x",
    "1",
    "0",
    "2147483647",
    "0.5",
    "79228162514264337593543950335.0",
    "'a'",
    "''",
    "'%1'",
    "true",
    "@2015",
    "@9999-12-31T23:59:59.999+14:00",
    "@T23",
    "4 days",
    "9 'mg'",
    "1 '/'",
    "name",
    "Patient",
    "String",
    "where(",
    "select(",
    "repeat(",
    "aggregate(",
    "iif(",
    "matches(",
    "replace(",
    "substring(",
    "toDecimal()",
    "toQuantity()",
    "toString()",
    "lowBoundary()",
    "highBoundary(",
    "precision()",
    "sqrt()",
    "ln()",
    "exp()",
    "power(",
    "round(",
    "abs()",
    "sort(",
    "descendants()",
    "type()",
    "ofType(",
];

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}") {
        evaluate(&text);
    }

    #[test]
    fn no_tokens_make_it_panic(tokens in vec(select(TOKENS), 0..24)) {
        evaluate(&tokens.join(" "));
        evaluate(&tokens.concat());
    }

    #[test]
    fn no_chain_of_calls_makes_it_panic(first in select(TOKENS), calls in vec(select(TOKENS), 0..8)) {
        let closed = |call: &&str| if call.ends_with('(') { format!(".{call}{first})") } else { format!(".{call}") };
        evaluate(&(first.to_owned() + &calls.iter().map(closed).collect::<String>()));
    }
}

/// Whatever comes out of it.
fn evaluate(text: &str) {
    let patient =
        Json::parse(br#"{"resourceType":"Patient","name":[{"family":"a"}],"birthDate":"2015"}"#).unwrap();
    if let Ok(expression) = Expression::parse(text) {
        let environment = Environment::new(r4(), &patient);
        let context = environment.resource.unwrap().element_type;
        expression.check(context, r4()).ok();
        expression.evaluate_resource(&environment).ok();
    }
}
