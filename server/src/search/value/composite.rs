//! Composites, <http://hl7.org/fhir/R4/search.html#composite>: values that stand together in one element.

use super::{Expected, ValueContext, date, number, quantity, reference, string, token, uri};
use crate::definitions::search_parameter::{ParameterKind, SearchParameter, WithoutCase};
use crate::search::index::{CompositeValue, IndexEntries};
use crate::search::parse::escape;
use crate::search::query::{ComponentMatch, QuantityMatch, UnitMatch};

/// The values of one component: all that its parameter would be indexed with, were it on its own. Texts that
/// belong to tokens are left out.
pub fn component_values(entries: IndexEntries, is_string: bool) -> Vec<CompositeValue> {
    let IndexEntries {
        tokens,
        strings,
        references,
        dates,
        numbers,
        quantities,
        uris,
        composites: _,
        contained: _,
        contained_links: _,
    } = entries;
    let mut values = Vec::new();
    values.extend(tokens.into_iter().map(|token| CompositeValue::Token {
        system: token.system,
        code: token.code,
    }));
    if is_string {
        values.extend(strings.into_iter().map(|string| CompositeValue::String {
            folded: string.folded,
        }));
    }
    values.extend(
        references
            .into_iter()
            .map(|reference| CompositeValue::Reference(reference.target)),
    );
    values.extend(dates.into_iter().map(|date| CompositeValue::Date {
        low: date.low,
        high: date.high,
    }));
    values.extend(numbers.into_iter().map(|number| CompositeValue::Quantity {
        low: number.low,
        high: number.high,
        system: None,
        code: None,
        unit: None,
    }));
    values.extend(quantities.into_iter().map(|quantity| CompositeValue::Quantity {
        low: quantity.low,
        high: quantity.high,
        system: quantity.system,
        code: quantity.code,
        unit: quantity.unit,
    }));
    values.extend(uris.into_iter().map(|uri| CompositeValue::Uri(uri.value)));
    values
}

/// How many combinations one element may have. Real elements have a few; a forged one with thousands of codings
/// must not have millions.
const MAXIMUM_COMBINATIONS: usize = 4096;

/// Every way to take one value of each component, up to [`MAXIMUM_COMBINATIONS`].
pub fn combinations(components: &[Vec<CompositeValue>]) -> Vec<Vec<CompositeValue>> {
    components.iter().fold(vec![Vec::new()], |combined, values| {
        combined
            .iter()
            .flat_map(|start| {
                values.iter().map(|value| {
                    let mut longer = start.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            .take(MAXIMUM_COMBINATIONS)
            .collect()
    })
}

/// What a client asks for: one value for each component, with `$` between them.
///
/// # Errors
/// When there are more or fewer values than components, or one of them is not understood.
pub fn parse(
    value: &str,
    components: &[&SearchParameter],
    context: &ValueContext<'_>,
) -> Result<Vec<ComponentMatch>, Expected> {
    let parts: Vec<&str> = escape::split(value, '$').collect();
    if parts.len() != components.len() {
        return Err(Expected(
            "one value for each component, with $ between them, and \\$ for a $ inside",
        ));
    }
    parts
        .iter()
        .zip(components)
        .map(|(part, parameter)| component(part, parameter, context))
        .collect()
}

fn component(
    part: &str,
    parameter: &SearchParameter,
    context: &ValueContext<'_>,
) -> Result<ComponentMatch, Expected> {
    if part.is_empty() {
        return Err(Expected("a value for each component"));
    }
    Ok(match parameter.kind {
        ParameterKind::Token => {
            let wanted = token::parse(part)?;
            ComponentMatch::Token(match parameter.without_case {
                // Of components no standard one mixes texts and codes.
                WithoutCase::None | WithoutCase::Some => wanted,
                WithoutCase::All => wanted.with_code(token::without_case),
            })
        }
        ParameterKind::String => ComponentMatch::String(string::parse(
            &escape::unescape(part),
            string::Comparison::StartsWith,
        )),
        ParameterKind::Reference => {
            ComponentMatch::Reference(reference::parse(&escape::unescape(part), None, context.base_url)?)
        }
        ParameterKind::Date => ComponentMatch::Date(date::parse(part, context.now)?),
        ParameterKind::Number => ComponentMatch::Quantity(QuantityMatch {
            number: number::parse(part)?,
            unit: UnitMatch::Any,
        }),
        ParameterKind::Quantity => ComponentMatch::Quantity(quantity::parse(part)?),
        ParameterKind::Uri => {
            ComponentMatch::Uri(uri::parse(&escape::unescape(part), uri::Comparison::Exact)?)
        }
        ParameterKind::Composite | ParameterKind::Special => {
            return Err(Expected("each component as a parameter of its own"));
        }
    })
}
