//! The requests of the ledger, and the rows that their answers ask of the audit trail.

use reqwest::Method;
use serde_json::{Value, json};

/// Patients that all clients write to.
const SHARED: usize = 5;
/// How many entries a Bundle has.
const ENTRIES: usize = 4;
/// The status by which the server says that it does not know, or could not.
const UNAVAILABLE: u16 = 503;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Create,
    Read,
    Update,
    Search,
    Patch,
    Transaction,
    Delete,
    ConditionalCreate,
    Batch,
    History,
    ConditionalUpdate,
    Vread,
}

const KINDS: [Kind; 12] = [
    Kind::Create,
    Kind::Read,
    Kind::Update,
    Kind::Search,
    Kind::Patch,
    Kind::Transaction,
    Kind::Delete,
    Kind::ConditionalCreate,
    Kind::Batch,
    Kind::History,
    Kind::ConditionalUpdate,
    Kind::Vread,
];

/// A request that is to be sent.
#[derive(Debug)]
pub struct Planned {
    kind: Kind,
    /// The patient that it is about.
    patient: String,
    /// Stands for the request in what it stores.
    mark: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    /// The version in `ETag`.
    version: Option<String>,
    body: Value,
}

impl Answer {
    /// Whether nothing is said about what was done.
    pub fn is_unavailable(&self) -> bool {
        self.status == UNAVAILABLE
    }
}

/// A row that there is to be.
enum Row {
    /// It is there, once.
    Certain(String),
    /// One of this interaction may be there, which says what was done, or that it was not.
    Possible(&'static str),
}

/// The request with this number of one client.
pub fn planned(client: usize, number: usize) -> Planned {
    Planned {
        kind: KINDS[(number + client * 5) % KINDS.len()],
        patient: format!("p{}", (number * 7 + client) % SHARED),
        mark: format!("{client}-{number}"),
    }
}

impl Planned {
    /// Sends it with the id `id`.
    pub async fn send(&self, http: &reqwest::Client, base: &str, id: &str) -> reqwest::Result<Answer> {
        let Planned { patient, mark, .. } = self;
        let url = |path: &str| format!("{base}{path}");
        let resource = |id: &str| json!({"resourceType": "Patient", "id": id, "identifier": [{"value": mark}], "active": true});
        let new = json!({"resourceType": "Patient", "identifier": [{"value": mark}]});
        let (method, path, body) = match self.kind {
            Kind::Create | Kind::ConditionalCreate => (Method::POST, "/Patient".to_owned(), Some(new)),
            Kind::Read => (Method::GET, format!("/Patient/{patient}"), None),
            Kind::Update => (
                Method::PUT,
                format!("/Patient/{patient}"),
                Some(resource(patient)),
            ),
            Kind::Search => (Method::GET, "/Patient?active=true&_count=50".to_owned(), None),
            Kind::Patch => {
                let patch = json!([{"op": "add", "path": "/gender", "value": "other"}]);
                (Method::PATCH, format!("/Patient/{patient}"), Some(patch))
            }
            Kind::Transaction => (Method::POST, "/".to_owned(), Some(self.bundle("transaction"))),
            Kind::Batch => (Method::POST, "/".to_owned(), Some(self.bundle("batch"))),
            Kind::Delete => (Method::DELETE, format!("/Patient/{patient}"), None),
            Kind::History => (
                Method::GET,
                format!("/Patient/{patient}/_history?_count=50"),
                None,
            ),
            Kind::ConditionalUpdate => {
                let criteria = format!("/Patient?identifier=shared-{patient}");
                let shared = json!({"resourceType": "Patient", "identifier": [{"value": format!("shared-{patient}")}]});
                (Method::PUT, criteria, Some(shared))
            }
            Kind::Vread => (Method::GET, format!("/Patient/{patient}/_history/1"), None),
        };
        let mut request = http.request(method, url(&path)).header("x-request-id", id);
        if let Some(body) = body {
            let format = match self.kind {
                Kind::Patch => "application/json-patch+json",
                _ => "application/fhir+json",
            };
            request = request.header("content-type", format).body(body.to_string());
        }
        if self.kind == Kind::ConditionalCreate {
            request = request.header("if-none-exist", format!("identifier=shared-{patient}"));
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let tag = answer
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        let text = answer.text().await?;
        Ok(Answer {
            status,
            version: tag.map(|tag| version(&tag)),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        })
    }

    fn bundle(&self, kind: &str) -> Value {
        let Planned { patient, mark, .. } = self;
        let own = format!("own-{mark}");
        json!({"resourceType": "Bundle", "type": kind, "entry": [
            {"request": {"method": "PUT", "url": format!("Patient/{own}")},
                "resource": {"resourceType": "Patient", "id": own, "active": true}},
            {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient"}},
            {"request": {"method": "DELETE", "url": format!("Patient/{patient}")}},
            {"request": {"method": "GET", "url": format!("Patient/{own}")}},
        ]})
    }

    /// The interactions of the rows that there are of it when it is carried out, in the order of the alphabet.
    fn interactions(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Transaction => &["create", "delete", "read", "transaction", "update"],
            Kind::Batch => &["batch", "create", "delete", "read", "update"],
            Kind::Create | Kind::ConditionalCreate => &["create"],
            Kind::Read => &["read"],
            Kind::Vread => &["vread"],
            Kind::Update | Kind::ConditionalUpdate => &["update"],
            Kind::Patch => &["patch"],
            Kind::Delete => &["delete"],
            Kind::Search => &["search-type"],
            Kind::History => &["history-instance"],
        }
    }

    /// Whether these may be all the rows of it, when nobody was told what became of it: each once, or none, or that it was
    /// refused. The entries of a batch stand alone.
    pub fn may_leave(&self, rows: &[String]) -> bool {
        let is_batch = self.kind == Kind::Batch;
        let interaction = |row: &String| match row.split(' ').next().unwrap_or_default() {
            // A Bundle that did not come to be carried out counts as a transaction.
            "transaction" if is_batch => "batch".to_owned(),
            interaction => interaction.to_owned(),
        };
        let mut found: Vec<String> = rows.iter().map(interaction).collect();
        found.sort();
        let is_refused = || found == ["transaction"] && !rows.iter().any(|row| row.ends_with(" 200"));
        let mut distinct = found.clone();
        distinct.dedup();
        let is_part = |one: &String| self.interactions().contains(&one.as_str());
        if is_batch {
            distinct == found && found.iter().all(is_part)
        } else {
            found.is_empty() || found == self.interactions() || is_refused()
        }
    }

    /// What of `rows` is not as the answer says; empty if all is.
    pub fn differences(&self, answer: &Answer, rows: &[String]) -> String {
        if answer.is_unavailable() {
            return match self.may_leave(rows) {
                true => String::new(),
                false => "all of its rows or none".to_owned(),
            };
        }
        if answer.status >= 500 {
            return "the server is at fault".to_owned();
        }
        let mut left = rows.to_vec();
        let mut missing = Vec::new();
        let (certain, possible): (Vec<Row>, Vec<Row>) = self
            .expected(answer)
            .into_iter()
            .partition(|row| matches!(row, Row::Certain(_)));
        for row in certain.into_iter().chain(possible) {
            let found = left.iter().position(|left| match &row {
                Row::Certain(row) => left == row,
                Row::Possible(interaction) => left.split(' ').next() == Some(*interaction),
            });
            match (found, row) {
                (Some(place), _) => drop(left.remove(place)),
                (None, Row::Certain(row)) => missing.push(format!("{row} is missing")),
                (None, Row::Possible(_)) => {}
            }
        }
        missing.extend(left.iter().map(|row| format!("{row} is too much")));
        missing.join(", ")
    }

    /// The rows that the answer asks for.
    fn expected(&self, answer: &Answer) -> Vec<Row> {
        let Planned { patient, .. } = self;
        let Answer {
            status,
            version,
            body,
        } = answer;
        let version = version
            .as_deref()
            .map(|version| format!(" v{version}"))
            .unwrap_or_default();
        let own = || format!("{}{version}", body["id"].as_str().unwrap());
        let is_success = *status < 400;
        let one = match self.kind {
            Kind::Create if is_success => format!("create Patient/{} {status}", own()),
            Kind::ConditionalCreate if *status == 201 => format!("create Patient/{} 201", own()),
            Kind::ConditionalCreate if is_success => format!("create Patient/{} {status} x1", own()),
            Kind::Create | Kind::ConditionalCreate => format!("create Patient {status}"),
            Kind::Read if is_success => format!("read Patient/{} {status} x1", own()),
            Kind::Read => format!("read Patient/{patient} {status}"),
            Kind::Vread if is_success => format!("vread Patient/{} {status} x1", own()),
            Kind::Vread => format!("vread Patient/{patient} {status}"),
            Kind::Update if is_success => format!("update Patient/{} {status}", own()),
            Kind::Update => format!("update Patient/{patient} {status}"),
            Kind::ConditionalUpdate if is_success => format!("update Patient/{} {status}", own()),
            Kind::ConditionalUpdate => format!("update Patient {status}"),
            Kind::Patch if is_success => format!("patch Patient/{} {status} x1", own()),
            Kind::Patch => format!("patch Patient/{patient} {status}"),
            Kind::Delete => format!("delete Patient/{patient}{version} {status}"),
            Kind::Search => format!("search-type Patient {status}{}", given_out(patient, body)),
            Kind::History => format!(
                "history-instance Patient/{patient} {status}{}",
                given_out(patient, body)
            ),
            Kind::Transaction if !is_success => format!("transaction {status}"),
            Kind::Transaction => return self.rows_of_entries("transaction", body),
            Kind::Batch => return self.rows_of_entries("batch", body),
        };
        vec![Row::Certain(one)]
    }

    fn rows_of_entries(&self, kind: &str, body: &Value) -> Vec<Row> {
        let own = format!("own-{}", self.mark);
        let about = [
            ("update", Some(own.as_str()), ""),
            ("create", None, ""),
            ("delete", Some(self.patient.as_str()), ""),
            ("read", Some(own.as_str()), " x1"),
        ];
        let entries = body["entry"].as_array().unwrap();
        assert_eq!(entries.len(), ENTRIES, "{body}");
        let rows = about
            .iter()
            .zip(entries)
            .map(|((interaction, id, given), entry)| {
                let response = &entry["response"];
                let status = response["status"].as_str().unwrap().split(' ').next().unwrap();
                if status.parse::<u16>() == Ok(UNAVAILABLE) {
                    return Row::Possible(interaction);
                }
                let etag = response["etag"].as_str().map(|tag| format!(" v{}", version(tag)));
                let location = response["location"]
                    .as_str()
                    .and_then(|location| location.split('/').nth(1));
                let id = id.or(location).unwrap_or_default();
                // The entry that was to make it may have failed.
                let given = if status == "200" { *given } else { "" };
                Row::Certain(format!(
                    "{interaction} Patient/{id}{} {status}{given}",
                    etag.unwrap_or_default()
                ))
            });
        rows.chain([Row::Certain(format!("{kind} 200"))]).collect()
    }
}

/// `W/"3"` → `3`
fn version(tag: &str) -> String {
    tag.trim_start_matches("W/").trim_matches('"').to_owned()
}

/// What a searchset or a history gave out: each resource and its version; a deletion is a version of `patient`.
fn given_out(patient: &str, bundle: &Value) -> String {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut given: Vec<(String, u32)> = entries
        .iter()
        .map(
            |entry| match (&entry["resource"], entry["response"]["etag"].as_str()) {
                (Value::Object(resource), _) => {
                    let version = resource["meta"]["versionId"].as_str().unwrap();
                    (
                        resource["id"].as_str().unwrap().to_owned(),
                        version.parse().unwrap(),
                    )
                }
                (_, tag) => (patient.to_owned(), version(tag.unwrap()).parse().unwrap()),
            },
        )
        .collect();
    if given.is_empty() {
        return String::new();
    }
    given.sort();
    let names: Vec<String> = given
        .iter()
        .map(|(id, version)| format!("{id}:{version}"))
        .collect();
    format!(" x{} ={}", given.len(), names.join(","))
}
