//! What each id of an array of class ids says about one class.

use super::Presence;

/// Ids below this are looked up in a table.
const TABLE: u64 = 1 << 12;

/// For each id what it says about one class; ids that are not listed say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct IdMeanings {
    /// By id.
    small: Vec<Presence>,
    /// Larger ids, in order.
    large: Vec<(u64, Presence)>,
}

impl IdMeanings {
    /// From ids and what they say; of an id that is listed twice the last counts.
    #[must_use]
    pub fn new(listed: impl IntoIterator<Item = (u64, Presence)>) -> Self {
        let mut meanings = std::collections::BTreeMap::new();
        meanings.extend(listed);
        let mut found = Self::default();
        for (id, presence) in meanings {
            if id >= TABLE {
                found.large.push((id, presence));
                continue;
            }
            found.small.resize(id as usize, Presence::Unknown);
            found.small.push(presence);
        }
        found
    }

    /// What a voxel of this id says.
    #[must_use]
    #[inline]
    pub fn of(&self, id: u64) -> Presence {
        if let Some(presence) = usize::try_from(id).ok().and_then(|id| self.small.get(id)) {
            return *presence;
        }
        self.large.binary_search_by_key(&id, |(id, _)| *id).map_or(Presence::Unknown, |found| self.large[found].1)
    }

    /// Every listed id with what it says, in order.
    fn listed(&self) -> impl Iterator<Item = (u64, Presence)> {
        let small = self.small.iter().enumerate().map(|(id, presence)| (id as u64, *presence));
        small.chain(self.large.iter().copied())
    }
}

/// The ids of presence and absence: `present 3 4, absent 1`.
impl std::fmt::Display for IdMeanings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (words, wanted) in [("present", Presence::Present), (", absent", Presence::Absent)] {
            f.write_str(words)?;
            for (id, _) in self.listed().filter(|(_, presence)| *presence == wanted) {
                write!(f, " {id}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_any_size_are_found_and_others_say_nothing() {
        let (present, absent) = (Presence::Present, Presence::Absent);
        let meanings =
            IdMeanings::new([(7, present), (u64::MAX, present), (3, absent), (1 << 40, absent), (7, absent)]);
        for (id, expected) in [
            (0, Presence::Unknown),
            (3, absent),
            (5, Presence::Unknown),
            (7, absent),
            (8, Presence::Unknown),
            (5000, Presence::Unknown),
            (1 << 40, absent),
            (u64::MAX, present),
        ] {
            assert_eq!(meanings.of(id), expected, "{id}");
        }
        assert_eq!(meanings.to_string(), format!("present {}, absent 3 7 {}", u64::MAX, 1_u64 << 40));
    }
}
