//! `url=http://…|1.0`: a canonical URL with a business version, which resources have in two elements.
//! <http://hl7.org/fhir/R4/search.html#uri>

use super::escape;
use crate::definitions::search_parameter::{ParameterId, Registry, SearchParameter};
use crate::search::query::{Criterion, Matches, TokenMatch, UriMatch, VERSION_ENDS};
use crate::search::value::{token, uri};

/// Besides what `found` finds, resources whose `url` and `version` are the two parts of one of `values`. Where `parameters`
/// are not the URLs of resources that have versions, only `found`. With `:below`, versions below that one are found too.
pub fn or_version(
    registry: &Registry,
    parameters: &[&SearchParameter],
    values: &[&str],
    comparison: uri::Comparison,
    found: Criterion,
) -> Criterion {
    let version_of = |parameter: &&SearchParameter| {
        let version = registry.find(parameter.resource_type, "version");
        version
            .filter(|_| parameter.code == "url")
            .map(|version| version.id)
    };
    let versions: Option<Vec<ParameterId>> = parameters.iter().map(version_of).collect();
    let Some(versions) = versions else {
        return found;
    };
    let urls: Vec<ParameterId> = parameters.iter().map(|parameter| parameter.id).collect();
    let mut any = vec![found];
    for value in values {
        if let Some((url, version)) = escape::unescape(value).rsplit_once('|')
            && !version.is_empty()
        {
            let criterion = |parameters: &[ParameterId], matches| Criterion::Parameter {
                parameters: parameters.to_vec(),
                matches,
            };
            // A version is a text, compared without case.
            let version = token::without_case(version);
            let version = match comparison {
                uri::Comparison::Below => TokenMatch::Below(version, VERSION_ENDS),
                uri::Comparison::Exact | uri::Comparison::Above => TokenMatch::Code(version),
            };
            any.push(Criterion::All(vec![
                criterion(&urls, Matches::Uris(vec![UriMatch::Exact(url.into())])),
                criterion(&versions, Matches::Tokens(vec![version])),
            ]));
        }
    }
    match any.len() {
        1 => any.swap_remove(0),
        _ => Criterion::Any(any),
    }
}
