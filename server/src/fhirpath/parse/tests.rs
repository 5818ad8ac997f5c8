//! Expressions by their shape.

use super::*;

fn shape(text: &str) -> String {
    fn of(expression: &Expression) -> String {
        match expression {
            Expression::Path(head, steps) => {
                let mut text = head.as_deref().map(of).unwrap_or_default();
                for step in steps {
                    text += &match step {
                        Step::Member(name) => format!(".{name}"),
                        Step::Call(function, arguments) => {
                            let arguments: Vec<_> = arguments.iter().map(of).collect();
                            format!(".{function}({})", arguments.join(", "))
                        }
                        Step::TypeCall(operator, name) => format!(".{operator:?}({name})"),
                        Step::Item(index) => format!("[{}]", of(index)),
                    };
                }
                text
            }
            Expression::Binary(first, rest) => {
                let rest = rest
                    .iter()
                    .map(|(operator, operand)| format!(" {} {}", operator.text(), of(operand)));
                format!("({}{})", of(first), rest.collect::<String>())
            }
            Expression::Type(operand, operator, name) => format!("({} {operator:?} {name})", of(operand)),
            Expression::Negative(operand) => format!("-{}", of(operand)),
            Expression::Positive(operand) => of(operand),
            Expression::Literal(value) => value.to_string(),
            other => format!("{other:?}"),
        }
    }
    parse(text).map_or_else(|error| error.to_string(), |expression| of(&expression))
}

#[test]
fn operators_bind_as_the_standard_says() {
    for (text, expected) in [
        ("1 + 2 * 3 - 4", "(1 + (2 * 3) - 4)"),
        ("a.exists() and b != false", "(.a.exists() and (.b != false))"),
        ("a | b is Quantity", "(.a | (.b Is Quantity))"),
        ("1 > 2 is Boolean", "(1 > (2 Is Boolean))"),
        ("-a.b[0]", "-.a.b[0]"),
        ("a or b and c implies d", "((.a or (.b and .c)) implies .d)"),
        ("a in b | c", "(.a in (.b | .c))"),
        ("(a as FHIR.`Period`).start", "(.a As FHIR.Period).start"),
        ("contains.is.as(string)", ".contains.is.As(string)"),
        ("a = 4 days", "(.a = 4 days)"),
        ("text.div div 2", "(.text.div div 2)"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn says_where_a_text_is_no_expression() {
    for (text, expected) in [
        ("", "at character 0: expected a name"),
        ("a.", "at character 2: expected a name"),
        (
            "a b",
            "at character 2: expected an operator or the end of the expression",
        ),
        ("(a", "at character 2: expected )"),
        ("2 + 2 /", "at character 7: expected a name"),
        ("div.text", "at character 0: expected a name"),
        ("a.nothing()", "at character 2: there is no function nothing()"),
        ("a.where()", "at character 2: where() cannot have 0 arguments"),
        (
            "@2015-13",
            "at character 0: expected a date or a time that there is",
        ),
        (
            "99999999999",
            "at character 0: expected a number in the range of numbers",
        ),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let chain = vec!["a"; 4_000].join(" and ");
    assert!(parse(&chain).is_ok(), "a chain has no depth");
    let longer = vec!["a"; 8_000].join(" and ");
    assert_eq!(parse(&longer), Err(ParseError::TooLong(MAXIMUM_LENGTH)));
    for (open, close) in [("(", ")"), ("-", ""), ("a.where(", ")"), ("a[", "]")] {
        let deep = format!("{}a{}", open.repeat(1_000), close.repeat(1_000));
        assert_eq!(parse(&deep), Err(ParseError::TooDeep(MAXIMUM_DEPTH)), "{open}");
    }
}
