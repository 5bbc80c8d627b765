//! What the rail and the palette offer: the rooms bring entries with what each needs, and the door is asked whether whoever
//! is at work may do that. There is no second rule book: an entry that is not offered would be refused, and one that is
//! offered is still judged when it is opened.

use yba_records::{Action, Ctx};
use yba_ui::frame::{MenuEntry, MenuGroup};

/// A group of entries, as a room brings it.
#[derive(Debug, Clone)]
pub struct Group {
    pub title: &'static str,
    pub entries: Vec<Entry>,
}

/// A page that can be gone to.
#[derive(Debug, Clone)]
pub struct Entry {
    pub href: &'static str,
    pub icon: &'static str,
    pub word: &'static str,
    /// The letter that leads there after `g`.
    letter: Option<char>,
    /// What one must be permitted, all of it, for the page to be of use.
    needs: Vec<(Action, &'static str)>,
    /// Found by the palette alone.
    is_command: bool,
    /// Where the same is done for one person; their id is added after `/`.
    for_person: Option<&'static str>,
}

/// Something that can be done with the person in front of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAct {
    pub href: String,
    pub icon: &'static str,
    pub word: &'static str,
}

impl Entry {
    pub fn new(href: &'static str, icon: &'static str, word: &'static str) -> Entry {
        Entry { href, icon, word, letter: None, needs: Vec::new(), is_command: false, for_person: None }
    }

    /// Offered only to those who may do this with records of this type; several times for several.
    pub fn needs(mut self, action: Action, kind: &'static str) -> Entry {
        self.needs.push((action, kind));
        self
    }

    /// Gone to by `g` and this letter. Not w, s, f, r, x, j, z, a, e, o or d, which type marks in Telex.
    pub fn letter(mut self, letter: char) -> Entry {
        self.letter = Some(letter);
        self
    }

    /// Not in the rail: found by typing `>` alone.
    pub fn command(mut self) -> Entry {
        self.is_command = true;
        self
    }

    /// Can be done for one person too: it is offered on their record. `prefix` is the address before their id.
    pub fn for_person(mut self, prefix: &'static str) -> Entry {
        self.for_person = Some(prefix);
        self
    }

    /// The address before somebody's id, when it can be done for one person.
    pub fn prefix(&self) -> Option<&'static str> {
        self.for_person
    }

    /// The keys that lead there, as people read them.
    pub fn keys(&self) -> String {
        self.letter.map(|letter| format!("g {letter}")).unwrap_or_default()
    }

    fn is_for(&self, ctx: &Ctx) -> bool {
        self.needs.iter().all(|(action, kind)| ctx.may(*action, kind))
    }
}

/// The rail of somebody: groups of which nothing is left are gone.
pub(crate) fn rail(groups: &[Group], ctx: &Ctx) -> Vec<MenuGroup> {
    let drawn = |entry: &Entry| MenuEntry {
        href: entry.href.into(),
        icon: entry.icon,
        word: entry.word.into(),
        letter: entry.letter,
        count: None,
    };
    let group = |group: &Group| {
        let entries = group.entries.iter().filter(|entry| !entry.is_command && entry.is_for(ctx));
        MenuGroup { title: group.title.into(), entries: entries.map(drawn).collect() }
    };
    groups.iter().map(group).filter(|group| !group.entries.is_empty()).collect()
}

/// What somebody may do with a person, in the order of the rail.
pub(crate) fn acts(groups: &[Group], ctx: &Ctx, person: &str) -> Vec<PersonAct> {
    let all = groups.iter().flat_map(|group| &group.entries).filter(|entry| entry.is_for(ctx));
    let act = |entry: &Entry| {
        let href = format!("{}/{person}", entry.for_person?);
        Some(PersonAct { href, icon: entry.icon, word: entry.word })
    };
    all.filter_map(act).collect()
}

/// Everything somebody may go to, in the order of the rail, with the title of its group.
pub(crate) fn commands<'g>(groups: &'g [Group], ctx: &Ctx) -> Vec<(&'static str, &'g Entry)> {
    let all = groups.iter().flat_map(|group| group.entries.iter().map(|entry| (group.title, entry)));
    all.filter(|(_, entry)| entry.is_for(ctx)).collect()
}
