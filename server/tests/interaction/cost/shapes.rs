//! Every shape that a search can have: each kind of criterion with each of its modifiers and prefixes, for a value that one
//! world has, that all have, and that none has; chains and compartments of each form; and each of some of these with an order, a
//! total, or another criterion.

/// How many of the worlds' resources a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matches {
    /// So many, however many worlds there are.
    Few(usize),
    /// So many in each world.
    InEachWorld(usize),
    /// Some, of which it does not matter how many.
    Some,
}

use Matches::{Few, InEachWorld, Some};

/// The searches; `N` stands for the number of a world in the middle, `DAY` for the day that its times are on, `VALUE` for its values.
const CRITERIA: &[(&str, Matches)] = &[
    // Tokens.
    ("Observation?identifier=urn:lab|pxNx", Few(1)),
    ("Observation?identifier=pxNx", Few(1)),
    ("Observation?identifier=urn:lab|", InEachWorld(2)),
    ("Observation?identifier=|pxNx", Few(0)),
    ("Observation?identifier=nothing", Few(0)),
    ("Observation?identifier=pxNx,qxNx,nothing", Few(2)),
    ("Observation?code=8867-4", InEachWorld(1)),
    (
        "Observation?code=urn:loinc|8867-4,urn:loinc|85354-9",
        InEachWorld(2),
    ),
    ("Observation?code:not=8867-4", InEachWorld(1)),
    ("Observation?code:not=8867-4,85354-9", Few(0)),
    ("Observation?code:not=nothing", InEachWorld(2)),
    ("Observation?code:text=heart", InEachWorld(1)),
    ("Condition?code:text=diabetes%20xNx", Few(1)),
    ("Observation?code:missing=true", Few(0)),
    ("Observation?code:missing=false", InEachWorld(2)),
    ("Patient?identifier:of-type=urn:types|MR|xNx", Few(1)),
    // Strings.
    ("Patient?family=familyxNx", Few(1)),
    ("Patient?family=family", InEachWorld(1)),
    ("Patient?family=nobody", Few(0)),
    ("Patient?family:exact=FamilyxNx", Few(1)),
    ("Patient?family:contains=xNx", Few(1)),
    ("Patient?family:contains=nobody", Few(0)),
    ("Patient?name=common", InEachWorld(1)),
    ("Patient?address:missing=false", Few(0)),
    ("Patient?address:missing=true", InEachWorld(1)),
    // References.
    ("Observation?subject=Patient/patientxNx", Few(2)),
    ("Observation?subject=patientxNx", Few(2)),
    ("Observation?subject:Patient=patientxNx", Few(2)),
    ("Observation?subject=Patient/nobody", Few(0)),
    (
        "Observation?subject=Patient/patientxNx,Patient/patientx1x",
        Few(4),
    ),
    ("Observation?subject:identifier=urn:mrn|xNx", Few(0)),
    ("Observation?device:missing=true", InEachWorld(1)),
    ("Observation?device:missing=false", InEachWorld(1)),
    ("QuestionnaireResponse?questionnaire=http://q.test/xNx", Few(1)),
    // Dates.
    ("Observation?date=DAY", Some),
    ("Observation?date=2019", Few(0)),
    ("Observation?date=ne2019", InEachWorld(2)),
    ("Observation?date=gt2019", InEachWorld(2)),
    ("Observation?date=lt2019", Few(0)),
    ("Observation?date=ge2050", Few(0)),
    ("Observation?date=leDAY", Some),
    ("Observation?date=sa2050", Few(0)),
    ("Observation?date=eb2019", Few(0)),
    ("Observation?date=apDAY", Some),
    ("Observation?date=geDAY&date=leDAY", Some),
    ("Observation?date=ge2050&date=le2051", Few(0)),
    ("Encounter?date=ge2050", Few(0)),
    ("Encounter?date=DAY", Some),
    // Numbers and quantities.
    ("RiskAssessment?probability=VALUE", Some),
    ("RiskAssessment?probability=gt0", InEachWorld(1)),
    ("RiskAssessment?probability=lt0", Few(0)),
    ("Observation?value-quantity=lt60", Few(0)),
    ("Observation?value-quantity=ge60", InEachWorld(1)),
    ("Observation?value-quantity=VALUE|urn:ucum|/min", Few(1)),
    ("Observation?value-quantity=ge60||mg", Few(0)),
    ("Observation?component-value-quantity=lt60", Few(0)),
    // Uris.
    ("Questionnaire?url=http://q.test/xNx", Few(1)),
    ("Questionnaire?url=http://q.test/nothing", Few(0)),
    ("Questionnaire?url:below=http://q.test", InEachWorld(1)),
    ("Questionnaire?url:above=http://q.test/xNx/1", Few(1)),
    // Composites and positions.
    ("Observation?code-value-quantity=8867-4$VALUE", Few(1)),
    ("Observation?code-value-quantity=8867-4$lt60", Few(0)),
    (
        "Observation?component-code-value-quantity=8480-6$ge120",
        InEachWorld(1),
    ),
    ("Location?near=50|10|1|km", Some),
    ("Location?near=-50|10|1|km", Few(0)),
    // What all types have.
    ("Observation?_id=pulsexNx", Few(1)),
    ("Observation?_id:not=pulsexNx", Some),
    ("Observation?_lastUpdated=gt2020", InEachWorld(2)),
    ("Observation?_lastUpdated=lt2020", Few(0)),
    ("Observation?_list=listxNx", Few(1)),
    ("?_id=pulsexNx", Few(1)),
    ("?_type=Observation,Condition&subject=Patient/patientxNx", Few(3)),
    ("?_type=Observation,Condition&code=44054006", InEachWorld(1)),
    // Chains.
    ("Observation?subject:Patient.family=familyxNx", Few(2)),
    ("Observation?subject:Patient.family=nobody", Few(0)),
    ("Observation?subject:Patient.gender=female", InEachWorld(2)),
    ("Observation?subject:Patient.gender=male", Few(0)),
    ("Observation?subject.name=familyxNx", Few(2)),
    ("Observation?subject.name=nobody", Few(0)),
    ("Observation?subject.identifier=xNx", Few(2)),
    (
        "Observation?subject:Patient.organization.name=clinic%20xNx",
        Few(2),
    ),
    ("Encounter?subject.general-practitioner.name=doctorxNx", Few(1)),
    ("List?item.code=44054006", InEachWorld(1)),
    ("List?item.code=nothing", Few(0)),
    ("List?item.identifier=pxNx", Few(1)),
    ("List?item.subject:Patient.family=familyxNx", Few(1)),
    (
        "QuestionnaireResponse?questionnaire.title=questions%20xNx",
        Few(1),
    ),
    ("QuestionnaireResponse?questionnaire.title=nothing", Few(0)),
    ("QuestionnaireResponse?questionnaire.status=draft", Few(0)),
    // Reverse chains.
    ("Patient?_has:Observation:subject:identifier=pxNx", Few(1)),
    ("Patient?_has:Observation:subject:code=8867-4", InEachWorld(1)),
    ("Patient?_has:Observation:subject:code=nothing", Few(0)),
    (
        "Patient?_has:Observation:subject:_has:List:item:title=list%20xNx",
        Few(1),
    ),
    (
        "Questionnaire?_has:QuestionnaireResponse:questionnaire:subject=Patient/patientxNx",
        Few(1),
    ),
    (
        "Questionnaire?_has:QuestionnaireResponse:questionnaire:status=amended",
        Few(0),
    ),
    ("Organization?_has:Patient:organization:family=familyxNx", Few(1)),
    // Compartments.
    ("Patient/patientxNx/Observation", Few(2)),
    ("Patient/patientxNx/*", Few(9)),
    ("Patient/nobody/*", Few(0)),
    ("Patient/patientxNx/*?_type=Observation", Few(2)),
    ("Patient/patientxNx/$everything", Few(9)),
    ("Practitioner/practitionerxNx/*", Few(3)),
    ("Encounter/encounterxNx/*", Few(2)),
    ("Device/devicexNx/*", Few(2)),
    // Chains that lead through what there is in every world.
    ("Observation?subject.active=true", InEachWorld(2)),
    (
        "Observation?subject:Patient.organization.active=true",
        InEachWorld(2),
    ),
    ("Observation?subject:Patient.organization.active=false", Few(0)),
    ("Observation?device.patient:Patient.gender=female", InEachWorld(1)),
];

/// What is added to a search.
const WAYS: &[&str] = &["_sort=-_lastUpdated", "_summary=count", "_total=accurate"];

/// What is added to searches for Observations.
const WAYS_OF_OBSERVATIONS: &[&str] = &[
    "_sort=-date",
    "_sort=date,_id",
    "code=8867-4",
    "code:not=8867-4",
    "subject=Patient/patientxNx",
    "subject.name=familyxNx",
];

/// Each search in all of these ways, and how many matches it has.
pub fn all() -> Vec<(String, Matches)> {
    CRITERIA
        .iter()
        .flat_map(|criterion| {
            let ways = ways(criterion.0).map(|way| with(criterion, way));
            std::iter::once((criterion.0.to_owned(), criterion.1)).chain(ways)
        })
        .collect()
}

/// Each search as it is, and in one of the ways, another one from search to search.
pub fn some() -> Vec<(String, Matches)> {
    CRITERIA
        .iter()
        .enumerate()
        .flat_map(|(place, criterion)| {
            let ways: Vec<&str> = ways(criterion.0).collect();
            let way = ways[place % ways.len()];
            [(criterion.0.to_owned(), criterion.1), with(criterion, way)]
        })
        .collect()
}

fn ways(search: &str) -> impl Iterator<Item = &'static str> {
    let of_observations = match search.starts_with("Observation?") {
        true => WAYS_OF_OBSERVATIONS,
        false => &[],
    };
    WAYS.iter().chain(of_observations).copied()
}

fn with((search, matches): &(&str, Matches), way: &str) -> (String, Matches) {
    let separator = if search.contains('?') { '&' } else { '?' };
    let matches = if way.starts_with('_') { *matches } else { Some };
    (format!("{search}{separator}{way}"), matches)
}
