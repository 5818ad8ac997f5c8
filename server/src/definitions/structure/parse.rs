//! Reads the generated facts (the generator says how they are written) into tables to look elements up in.

use std::collections::HashMap;

use compact_str::{CompactString, format_compact};

use super::{
    Element, Kind, Member, Primitive, Structure, StructureId, Structures, Targets, ValueSet, uri_names,
};
use crate::resource::ResourceType;

/// What of the facts cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// A line that is not of the shape that the generator writes.
    #[error("failed to read the line {0:?}")]
    Line(String),
    /// A structure whose base or elements are not there.
    #[error("failed to put the structure {0} together")]
    Structure(String),
    /// A type that is needed.
    #[error("there is no structure {0}")]
    Missing(&'static str),
}

/// A structure as its lines say it: own elements only, the base by name.
struct Block {
    name: &'static str,
    base: Option<&'static str>,
    elements: Vec<&'static str>,
}

/// The facts in tables.
///
/// # Errors
/// When they do not hang together.
pub fn structures(facts: &'static str, value_sets: &'static str) -> Result<Structures, StructureError> {
    let blocks = blocks(facts)?;
    let mut reader = Reader::default();
    for (block, index) in blocks.iter().zip(0..) {
        reader
            .names
            .insert(CompactString::const_new(block.name), StructureId(index));
    }
    for line in value_sets.lines() {
        reader
            .value_set(line)
            .ok_or_else(|| StructureError::Line(line.to_owned()))?;
    }
    let read = |block: &Block| {
        let structure = reader.structure(block, &blocks);
        structure.ok_or_else(|| StructureError::Structure(block.name.to_owned()))
    };
    let all = blocks.iter().map(read).collect::<Result<Vec<Structure>, _>>()?;
    let element = reader.names.get("Element");
    Ok(Structures {
        element: element.copied().ok_or(StructureError::Missing("Element"))?,
        uri_names: all.iter().flat_map(uri_names).cloned().collect(),
        resources: ResourceType::all()
            .filter_map(|resource_type| reader.names.get(resource_type.name()).copied())
            .collect(),
        all: all.into(),
        value_sets: reader.value_sets.into(),
        targets: reader.targets,
        names: reader.names,
        urls: HashMap::new(),
    })
}

fn blocks(facts: &'static str) -> Result<Vec<Block>, StructureError> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in facts.lines() {
        if let Some(element) = line.strip_prefix('\t') {
            let block = blocks.last_mut();
            let block = block.ok_or_else(|| StructureError::Line(line.to_owned()))?;
            block.elements.push(element);
        } else {
            let (name, base) = match line.split_once(' ') {
                Some((name, base)) => (name, Some(base)),
                None => (line, None),
            };
            let elements = Vec::new();
            blocks.push(Block { name, base, elements });
        }
    }
    Ok(blocks)
}

#[derive(Default)]
struct Reader {
    names: HashMap<CompactString, StructureId>,
    value_sets: Vec<ValueSet>,
    value_set_ids: HashMap<&'static str, u16>,
    targets: Vec<Targets>,
}

impl Reader {
    fn value_set(&mut self, line: &'static str) -> Option<()> {
        let mut fields = line.split('\t');
        let (id, system) = (fields.next()?, fields.next()?);
        if !self.value_set_ids.contains_key(id) {
            let number = u16::try_from(self.value_sets.len()).ok()?;
            self.value_set_ids.insert(id, number);
            self.value_sets.push(ValueSet::new(CompactString::const_new(id)));
        }
        let value_set = self.value_sets.last_mut()?;
        let codes = fields.map(CompactString::const_new).collect();
        value_set.add_system(CompactString::const_new(system), codes);
        Some(())
    }

    /// Inherited elements first: the bases of `block` from the farthest to the nearest, then its own.
    fn structure(&mut self, block: &Block, blocks: &[Block]) -> Option<Structure> {
        let mut lineage = vec![block];
        while let Some(base) = lineage.last().and_then(|block| block.base) {
            lineage.push(blocks.get(usize::from(self.names.get(base)?.0))?);
        }
        let mut structure = Structure {
            name: CompactString::const_new(block.name),
            base: block.base.and_then(|base| self.names.get(base).copied()),
            is_resource: lineage.last().is_some_and(|root| root.name == "Resource"),
            elements: Vec::new(),
            members: Vec::new(),
            required: 0,
        };
        for line in lineage.iter().rev().flat_map(|block| &block.elements) {
            self.element(line, &mut structure)?;
        }
        structure.members.sort_by(|one, other| one.name.cmp(&other.name));
        // They stay for as long as the service runs.
        structure.elements.shrink_to_fit();
        structure.members.shrink_to_fit();
        Some(structure)
    }

    fn element(&mut self, line: &'static str, structure: &mut Structure) -> Option<()> {
        let mut words = line.split(' ').peekable();
        let written = words.next()?;
        let (minimum, maximum) = words.next()?.split_once("..")?;
        let name = written.trim_end_matches("[x]");
        let element = Element {
            name: CompactString::const_new(name),
            is_choice: name != written,
            minimum: minimum.parse().ok()?,
            maximum: match maximum {
                "*" => None,
                times => Some(times.parse().ok()?),
            },
            expected: None,
            is_many: maximum == "*",
            is_summary: words.next_if_eq(&"Σ").is_some(),
        };
        let index = u8::try_from(structure.elements.len())
            .ok()
            .filter(|index| *index < 64)?;
        if element.is_required() {
            structure.required |= 1 << index;
        }
        for type_written in words {
            let member_name = if element.is_choice {
                choice_name(name, type_written)?
            } else {
                CompactString::const_new(name)
            };
            let member = self.member(type_written, member_name, index)?;
            structure.members.push(member);
        }
        structure.elements.push(element);
        Some(())
    }

    fn member(&mut self, written: &'static str, name: CompactString, element: u8) -> Option<Member> {
        let (type_name, value_set, targets) = split_type(written);
        let kind = if type_name == "Resource" {
            Kind::Resource
        } else if let Some(primitive) = Primitive::parse(type_name) {
            Kind::Primitive(primitive)
        } else {
            Kind::Structure(*self.names.get(type_name)?)
        };
        let value_set = match value_set {
            Some(id) => Some(*self.value_set_ids.get(id)?),
            None => None,
        };
        let targets = match targets {
            Some(names) => Some(self.targets(names)?),
            None => None,
        };
        Some(Member {
            name,
            element,
            kind,
            value_set,
            targets,
        })
    }

    /// The position of these targets; the same ones are kept once.
    fn targets(&mut self, names: &str) -> Option<u16> {
        let mut targets = Targets::default();
        for name in names.split('|') {
            targets.insert(ResourceType::parse(name)?);
        }
        let all = &mut self.targets;
        let index = all
            .iter()
            .position(|other| *other == targets)
            .unwrap_or(all.len());
        if index == all.len() {
            all.push(targets);
        }
        u16::try_from(index).ok()
    }
}

/// `code=set` and `Reference(A|B)` as type, value set and targets.
fn split_type(written: &str) -> (&str, Option<&str>, Option<&str>) {
    if let Some((name, value_set)) = written.split_once('=') {
        (name, Some(value_set), None)
    } else if let Some((name, targets)) = written.split_once('(') {
        (name, None, Some(targets.trim_end_matches(')')))
    } else {
        (written, None, None)
    }
}

/// `value` and `dateTime` make `valueDateTime`.
fn choice_name(name: &str, type_written: &str) -> Option<CompactString> {
    let (type_name, _, _) = split_type(type_written);
    let first = type_name.chars().next()?.to_ascii_uppercase();
    Some(format_compact!("{name}{first}{}", type_name.get(1..)?))
}
