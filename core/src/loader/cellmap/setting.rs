//! A value as Python writes it, as far as settings need it.

use std::collections::BTreeMap;

/// Keyword arguments by name.
pub type Settings = BTreeMap<String, Setting>;

/// A value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// A text, or a path.
    Text(String),
    /// A list or a tuple.
    List(Vec<Setting>),
    /// A dictionary with texts as keys, in the order written.
    Map(Vec<(String, Setting)>),
    /// A call, such as `GaussianNoise(std=0.1)`.
    Call {
        /// The last part of its name.
        name: String,
        /// Arguments by place.
        positional: Vec<Setting>,
        /// Arguments by name, in the order written.
        keywords: Vec<(String, Setting)>,
    },
    /// Something that only running it would tell.
    Unknown {
        /// As it is written.
        source: String,
        /// 1-based.
        line: usize,
    },
}

impl Setting {
    /// A whole or other number.
    #[must_use]
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Several numbers; one by itself counts as one.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Self::List(items) => items.iter().map(Self::number).collect(),
            one => Some(vec![one.number()?]),
        }
    }

    /// Several texts; one by itself counts as one.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<String>> {
        let text = |setting: &Self| match setting {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        };
        match self {
            Self::List(items) => items.iter().map(text).collect(),
            one => Some(vec![text(one)?]),
        }
    }

    /// The entries of a dictionary.
    #[must_use]
    pub fn entries(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// A value of a dictionary; `None` also where it is Python's `None`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.entries()?.iter().find(|(name, _)| name == key)?;
        (*value != Self::None).then_some(value)
    }

    /// An argument of a call, by name or by place.
    #[must_use]
    pub fn argument(&self, name: &str, place: usize) -> Option<&Self> {
        let Self::Call { positional, keywords, .. } = self else { return None };
        keywords.iter().find(|(keyword, _)| keyword == name).map(|(_, value)| value).or_else(|| positional.get(place))
    }

    /// What it is, for messages.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a dictionary".to_owned(),
            Self::Call { name, .. } => format!("{name}(…)"),
            Self::Unknown { source, line } => format!("`{source}` (line {line}), which only running it would tell"),
        }
    }
}
