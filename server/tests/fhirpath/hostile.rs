//! Expressions that want too much: each ends soon, with an error that says what was too much.

use std::time::{Duration, Instant};

use brazier_server::fhirpath::{Environment, EvaluationError, Expression};

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
