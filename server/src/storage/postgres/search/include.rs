//! `_include` and `_revinclude`: resources that the matches point at, or that point at them.
//! <http://hl7.org/fhir/R4/search.html#revinclude>

use std::collections::HashSet;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::Search;
use super::condition::{of_resource, of_resource_types, of_types};
use super::predicate::Writer;
use crate::definitions::search_parameter::{ParameterId, ParameterKind};
use crate::resource::ResourceType;
use crate::search::query::Include;
use crate::storage::postgres::read::{COLUMNS, DELETE, stored};
use crate::storage::{StorageError, StoredResource};

/// Resources that one page may include.
const MAXIMUM: usize = 10_000;
/// Rows that a statement reads at most: one more tells that there are too many.
const LIMIT: usize = MAXIMUM + 1;
/// [`COLUMNS`] of a row of the history.
const EARLIER: &str = "earlier.resource_key, earlier.resource_type, earlier.id, earlier.version, earlier.last_updated, \
     earlier.method, earlier.encoding, earlier.content";
/// The column of [`COLUMNS`] that tells a deletion.
const METHOD: usize = 5;
/// The column after [`COLUMNS`]: whether it is the current version.
const IS_CURRENT: usize = 8;
/// The column after that: whether it stands where an earlier version was referred to, which is not given out.
const IS_INSTEAD: usize = 9;
/// Rounds of `:iterate`; a chain of references is rarely longer than a few.
const ROUNDS: usize = 16;

/// A resource by what references go by. An earlier version that a reference names is none: what it refers to is not indexed.
struct Source {
    resource_key: i64,
    resource_type: ResourceType,
    id: String,
}

/// What the includes of a query add.
#[derive(Default)]
pub struct Included {
    /// Each resource once, none of the matches.
    pub resources: Vec<StoredResource>,
    /// Whether references name earlier versions that are not given out, so that the current ones are here, if there are any.
    pub is_current_instead: bool,
}

/// What the includes of a query add to `matches`, given with their keys.
pub async fn included(
    search: &Search<'_>,
    matches: &[(i64, StoredResource)],
) -> Result<Included, StorageError> {
    if search.query.includes.is_empty() {
        return Ok(Included::default());
    }
    let mut seen: HashSet<(i64, i32)> = matches
        .iter()
        .map(|(key, resource)| (*key, resource.version))
        .collect();
    let mut sources: Vec<Source> = matches
        .iter()
        .map(|(key, resource)| source(*key, resource))
        .collect();
    let mut found = Included::default();
    for round in 0..ROUNDS {
        let mut fresh = Vec::new();
        for include in search
            .query
            .includes
            .iter()
            .filter(|include| round == 0 || include.iterate)
        {
            for row in step(search, include, &sources).await? {
                found.is_current_instead |= row.get::<_, bool>(IS_INSTEAD);
                let is_there = row.get::<_, i16>(METHOD) != DELETE;
                if is_there && seen.insert((row.get(0), row.get(3))) {
                    let resource = stored(&row)?;
                    if row.get(IS_CURRENT) {
                        fresh.push(source(row.get(0), &resource));
                    }
                    found.resources.push(resource);
                }
            }
            if found.resources.len() > MAXIMUM {
                return Err(StorageError::Unsupported(format!(
                    "this page includes more than {MAXIMUM} resources; ask for fewer matches with _count"
                )));
            }
        }
        if fresh.is_empty() {
            break;
        }
        sources = fresh;
    }
    Ok(found)
}

fn source(resource_key: i64, resource: &StoredResource) -> Source {
    Source {
        resource_key,
        resource_type: resource.resource_type,
        id: resource.id.clone(),
    }
}

/// That `resource` is of a type that may be included: others are no way to further ones either.
fn may_be_included(search: &Search<'_>) -> String {
    is_one_of(search.query.included_types.as_deref(), "resource.resource_type")
}

/// That the type in `column` is one of `types`; any without.
fn is_one_of(types: Option<&[ResourceType]>, column: &str) -> String {
    match types {
        None => "true".to_owned(),
        Some([]) => "false".to_owned(),
        Some(types) => of_resource_types(types, column),
    }
}

async fn step(search: &Search<'_>, include: &Include, sources: &[Source]) -> Result<Vec<Row>, StorageError> {
    let mut writer = search.writer();
    let sql = match include.reverse {
        true => Some(pointing(&mut writer, search, include, sources)),
        false => pointed_at(&mut writer, search, include, sources),
    };
    match sql {
        Some(sql) => writer.statement.run_counted(search, &sql).await,
        None => Ok(Vec::new()),
    }
}

/// The statement that finds what refers to the sources.
fn pointing(writer: &mut Writer<'_>, search: &Search<'_>, include: &Include, sources: &[Source]) -> String {
    let ids: Vec<String> = sources.iter().map(|source| source.id.clone()).collect();
    let types: Vec<i16> = sources
        .iter()
        .map(|source| source.resource_type.number())
        .collect();
    let ids = writer.statement.bind(ids, Type::TEXT_ARRAY);
    let types = writer.statement.bind(types, Type::INT2_ARRAY);
    let condition = parameters(writer, include, "pointing");
    let mut by_url = String::new();
    if follows_canonical(writer, include) {
        let keys: Vec<i64> = sources.iter().map(|source| source.resource_key).collect();
        let keys = writer.statement.bind(keys, Type::INT8_ARRAY);
        let leads = writer.leads_to("pointing", "source", &[]);
        by_url = format!(
            "UNION SELECT pointing.resource_key FROM uri source JOIN reference pointing ON {leads}
             WHERE source.resource_key = ANY ({keys}) AND {condition}"
        );
    }
    // `LATERAL` and `OFFSET 0` in both: from the sources to the references to the resources, never the other way.
    format!(
        "SELECT {COLUMNS}, true, false FROM (
             SELECT DISTINCT pointing.resource_key AS found_key
             FROM unnest({ids}, {types}) AS source (id, resource_type), LATERAL (
                 SELECT pointing.resource_key FROM reference pointing WHERE pointing.target = source.id
                     AND pointing.target_type = source.resource_type AND {condition} OFFSET 0) AS pointing
             {by_url}) AS found, LATERAL {resource}
         WHERE {included} ORDER BY resource_key LIMIT {LIMIT}",
        resource = of_resource("resource", "resource", "found.found_key"),
        included = may_be_included(search),
    )
}

/// The statement that finds what the sources refer to; `None` when none of them is of the include's type.
fn pointed_at(
    writer: &mut Writer<'_>,
    search: &Search<'_>,
    include: &Include,
    sources: &[Source],
) -> Option<String> {
    let wanted = sources
        .iter()
        .filter(|source| include.source.is_none_or(|only| only == source.resource_type));
    let keys: Vec<i64> = wanted.map(|source| source.resource_key).collect();
    if keys.is_empty() {
        return None;
    }
    let keys = writer.statement.bind(keys, Type::INT8_ARRAY);
    let condition = parameters(writer, include, "pointing");
    let target = include.target.map_or_else(
        || "pointing.target_type <> 0".to_owned(),
        |target| format!("pointing.target_type = {}", target.number()),
    );
    let mut by_url = String::new();
    if follows_canonical(writer, include) {
        let targets: Vec<ResourceType> = include.target.into_iter().collect();
        let leads = writer.leads_to("pointing", "url", &targets);
        by_url = format!(
            "UNION SELECT named.id, named.resource_type, NULL::text FROM reference pointing JOIN uri url ON {leads}
             JOIN resource named ON named.resource_key = url.resource_key
             WHERE pointing.resource_key = ANY ({keys}) AND {condition}"
        );
    }
    let given_earlier = is_one_of(search.query.earlier_types.as_deref(), "wanted.target_type");
    // A reference may name a version of its target: the current one, or one of its history.
    Some(format!(
        "SELECT {COLUMNS}, is_current, is_instead FROM (
             SELECT DISTINCT pointing.target, pointing.target_type, pointing.version AS named_version
             FROM unnest({keys}) AS source (resource_key), LATERAL {pointing}
             WHERE {condition} AND {target} {by_url}) AS wanted, LATERAL (
             SELECT {COLUMNS}, true AS is_current,
                 coalesce(resource.version <> wanted.named_version::integer, false) AS is_instead
             FROM resource WHERE resource.id = wanted.target AND resource.resource_type = wanted.target_type
                 AND (wanted.named_version IS NULL OR resource.version = wanted.named_version::integer
                     OR NOT {given_earlier})
             UNION ALL
             SELECT {EARLIER}, false, false FROM resource JOIN resource_history earlier
                 ON earlier.resource_key = resource.resource_key
             WHERE wanted.named_version IS NOT NULL AND resource.id = wanted.target
                 AND resource.resource_type = wanted.target_type AND {given_earlier}
                 AND earlier.version = wanted.named_version::integer OFFSET 0) AS resource
         WHERE (resource.method <> {DELETE} OR is_instead) AND {included}
         ORDER BY resource_key, version LIMIT {LIMIT}",
        pointing = of_resource("reference", "pointing", "source.resource_key"),
        included = may_be_included(search),
    ))
}

/// Whether the include follows parameters that may hold canonical URLs.
fn follows_canonical(writer: &Writer<'_>, include: &Include) -> bool {
    match (include.parameter, include.source) {
        (Some(parameter), _) => writer.may_be_canonical(&[parameter]),
        (None, Some(source)) => writer
            .registry
            .of(source)
            .any(|parameter| parameter.holds_canonical),
        (None, None) => true,
    }
}

/// The rows of `alias` that the include follows.
fn parameters(writer: &Writer<'_>, include: &Include, alias: &str) -> String {
    if let Some(parameter) = include.parameter {
        let same: Vec<ParameterId> = vec![parameter];
        return writer.parameters(&same, alias);
    }
    match include.source {
        Some(source) => {
            let all: Vec<ParameterId> = writer
                .registry
                .of(source)
                .filter(|parameter| parameter.kind == ParameterKind::Reference)
                .map(|parameter| parameter.id)
                .collect();
            format!(
                "{} AND {}",
                of_types(&[source], &format!("{alias}.resource_key")),
                writer.parameters(&all, alias)
            )
        }
        None => "true".to_owned(),
    }
}
