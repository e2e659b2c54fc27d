//! What is searched for among datasets, volumes, crops and classes, and what was found.

use microtome_core::catalog::{Catalog, Dataset, LabelCrop};

/// The names of a dataset as they are searched, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetNames {
    /// Of the dataset.
    pub name: String,
    /// Of its EM.
    pub volume: String,
    /// Of its label crops.
    pub crops: Vec<CropNames>,
}

/// The names of a label crop as they are searched, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CropNames {
    /// Of the crop.
    pub name: String,
    /// Of its classes.
    pub classes: Vec<String>,
}

/// What of a dataset is shown while something is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetFound {
    /// It, or something in it, was found.
    pub shown: bool,
    /// Its EM is shown.
    pub volume: bool,
    /// Its label crops.
    pub crops: Vec<CropFound>,
}

/// What of a label crop is shown while something is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CropFound {
    /// It, or something in it, was found.
    pub shown: bool,
    /// Its classes are shown.
    pub classes: Vec<bool>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Datasets, volumes, crops and classes that were found.
    pub hits: u64,
    /// As the datasets of the catalog.
    pub datasets: Vec<DatasetFound>,
}

/// The search field of the Data pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// What was typed.
    pub text: String,
    /// What was found; `None` while nothing is searched for.
    pub found: Option<Found>,
    /// How often the keyboard was wanted in the field.
    pub focus_wanted: u64,
}

impl DatasetNames {
    /// Of every dataset of a catalog.
    #[must_use]
    pub fn of_catalog(catalog: &Catalog) -> Vec<Self> {
        let of_crop = |crop: &LabelCrop| CropNames {
            name: crop.name.to_lowercase(),
            classes: crop.classes.iter().map(|labels| labels.class.to_lowercase()).collect(),
        };
        let of_dataset = |dataset: &Dataset| {
            let volume = dataset.raw.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            Self {
                name: dataset.name.to_lowercase(),
                volume: format!("em {}", volume.to_lowercase()),
                crops: dataset.crops.iter().map(of_crop).collect(),
            }
        };
        catalog.datasets.iter().map(of_dataset).collect()
    }
}

/// Finds what has every word of `query` in its name or in those of what it is in, and one of them in its own; `None` if
/// there is no word. With what was found, what it is in and what is in it are shown.
#[must_use]
pub fn find(names: &[DatasetNames], query: &str) -> Option<Found> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return None;
    }
    let mut found = Found::default();
    for dataset in names {
        let shown = of_dataset(dataset, &words, &mut found.hits);
        found.datasets.push(shown);
    }
    Some(found)
}

fn of_dataset(names: &DatasetNames, words: &[&str], hits: &mut u64) -> DatasetFound {
    let mut is_hit = |path: &[&str]| {
        let own = path.last().copied().unwrap_or_default();
        let hit = words.iter().all(|word| path.iter().any(|name| name.contains(word)))
            && words.iter().any(|word| own.contains(word));
        *hits += u64::from(hit);
        hit
    };
    let dataset = is_hit(&[&names.name]);
    let volume = is_hit(&[&names.name, &names.volume]) || dataset;
    let mut of_crop = |crop: &CropNames| {
        let whole = is_hit(&[&names.name, &crop.name]) || dataset;
        let mut class = |class: &String| is_hit(&[&names.name, &crop.name, class]) || whole;
        let classes: Vec<bool> = crop.classes.iter().map(&mut class).collect();
        CropFound { shown: whole || classes.contains(&true), classes }
    };
    let crops: Vec<_> = names.crops.iter().map(&mut of_crop).collect();
    DatasetFound { shown: volume || crops.iter().any(|crop| crop.shown), volume, crops }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<DatasetNames> {
        let crop = |name: &str, classes: &[&str]| CropNames {
            name: name.to_owned(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        };
        let dataset = |name: &str, crops| DatasetNames { name: name.to_owned(), volume: "em uint8".to_owned(), crops };
        vec![
            dataset("hela", vec![crop("crop1", &["mito", "er"]), crop("crop12", &["er"])]),
            dataset("brain", vec![crop("crop1", &["nuc"])]),
        ]
    }

    #[test]
    fn a_class_is_found_with_what_it_is_in() {
        let found = find(&names(), " MITO ").unwrap();
        assert_eq!(found.hits, 1);
        let hela = &found.datasets[0];
        assert!(hela.shown && !hela.volume && hela.crops[0].shown && !hela.crops[1].shown);
        assert_eq!(hela.crops[0].classes, [true, false]);
        assert!(!found.datasets[1].shown);
    }

    #[test]
    fn words_narrow_each_other_down_along_the_path() {
        let found = find(&names(), "crop1 er").unwrap();
        assert_eq!(found.hits, 2, "er of crop1 and of crop12");
        assert!(!found.datasets[1].shown);
        assert_eq!(find(&names(), "crop12 er").unwrap().hits, 1);
        assert_eq!(find(&names(), "hela uint8").unwrap().hits, 1, "the volume alone");
    }

    #[test]
    fn a_dataset_is_shown_with_all_that_is_in_it_and_nothing_finds_nothing() {
        let found = find(&names(), "brain").unwrap();
        let brain = &found.datasets[1];
        assert_eq!(found.hits, 1);
        assert!(brain.volume && brain.crops[0].shown && brain.crops[0].classes == [true]);
        assert_eq!(find(&names(), "golgi").unwrap().hits, 0);
        assert_eq!(find(&names(), "  "), None);
    }
}
