//! Trains the dictionary that `storage` compresses resources with, on the examples of the official package.
//!
//! Run once for each dictionary: content that was written with it needs it for ever, so a better one is a new file
//! with a new number. `train_content_dictionary PACKAGE_FOLDER OUTPUT_FILE`

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Bytes of a dictionary: what a page of words takes, and what zstd advises for small texts.
const SIZE: usize = 48 * 1024;
/// A longer example teaches little and crowds the others out.
const LONGEST_SAMPLE: usize = 16 * 1024;
/// Definitions, not data about patients: there are thousands, and a service holds few.
const DEFINITIONS: [&str; 7] = [
    "CodeSystem",
    "ConceptMap",
    "NamingSystem",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
];

/// What to read and where to write.
#[derive(Parser)]
struct Arguments {
    /// The unpacked package `hl7.fhir.r4.examples`.
    package: PathBuf,
    /// Where the trained zstd dictionary is written; a file that is there is replaced.
    output: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&arguments.package)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let mut samples = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
    {
        collect(&std::fs::read_to_string(file)?, &mut samples);
    }
    let dictionary = zstd::dict::from_samples(&samples, SIZE)?;
    std::fs::write(&arguments.output, &dictionary)?;
    println!("{} bytes from {} samples", dictionary.len(), samples.len());
    Ok(())
}

/// What has to be known of a resource to tell whether it is a sample.
#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(rename = "resourceType", default)]
    resource_type: String,
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

/// An entry of a Bundle (or of something else that has entries, whose `resource` is not one).
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
}

/// The resource, or the resources of a Bundle, each as compact JSON with its members in their order.
fn collect(text: &str, samples: &mut Vec<Vec<u8>>) {
    let Ok(resource) = serde_json::from_str::<Resource<'_>>(text) else {
        return;
    };
    if resource.resource_type == "Bundle" && !resource.entry.is_empty() {
        resource
            .entry
            .iter()
            .filter_map(|entry| entry.resource)
            .for_each(|inner| collect(inner.get(), samples));
    } else if !resource.resource_type.is_empty() && !DEFINITIONS.contains(&resource.resource_type.as_str()) {
        let compact = compact(text);
        if compact.len() <= LONGEST_SAMPLE {
            samples.push(compact);
        }
    }
}

/// JSON text without the white space between its tokens.
fn compact(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
    out
}
