//! Which classes exclude each other: where one is, the others are not, also where nobody annotated them.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClassLabels, LabelCrop};

/// Mutually exclusive classes (`class_relationships` of cellmap reference 1.2), in both directions: where mito excludes
/// er, er excludes mito.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations {
    excluding: BTreeMap<String, BTreeSet<String>>,
}

impl Relations {
    /// From each class to some that it excludes; either side of a pair may say it.
    #[must_use]
    pub fn new(exclusive: &BTreeMap<String, Vec<String>>) -> Self {
        let mut excluding: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (class, others) in exclusive {
            for other in others.iter().filter(|other| *other != class) {
                excluding.entry(class.clone()).or_default().insert(other.clone());
                excluding.entry(other.clone()).or_default().insert(class.clone());
            }
        }
        Self { excluding }
    }

    /// The classes whose presence says that `class` is absent, by name.
    pub fn excluding(&self, class: &str) -> impl Iterator<Item = &str> {
        self.excluding.get(class).into_iter().flatten().map(String::as_str)
    }

    /// Every class that is named, by name.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.excluding.keys().map(String::as_str)
    }

    /// What a crop knows about a class that it does not annotate: the labels of the classes that exclude it, by name.
    /// Empty for a class that it does annotate.
    #[must_use]
    pub fn evidence<'a>(&self, crop: &'a LabelCrop, class: &str) -> Vec<&'a ClassLabels> {
        if crop.labels(class).is_some() {
            return Vec::new();
        }
        self.excluding(class).filter_map(|other| crop.labels(other)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusion_goes_both_ways_and_never_to_itself() {
        let lists = [("mito", vec!["nuc", "er", "mito"]), ("golgi", vec!["er"])];
        let named = lists.map(|(class, others)| (class.to_owned(), others.into_iter().map(str::to_owned).collect()));
        let relations = Relations::new(&BTreeMap::from(named));
        let excluding = |class| relations.excluding(class).collect::<Vec<_>>();
        assert_eq!(excluding("mito"), ["er", "nuc"]);
        assert_eq!(excluding("er"), ["golgi", "mito"]);
        assert_eq!(excluding("ecs"), [""; 0]);
        assert_eq!(relations.classes().collect::<Vec<_>>(), ["er", "golgi", "mito", "nuc"]);
    }
}
