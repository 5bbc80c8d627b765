//! What a check is: one sentence of the specification, asked of a running node.
//!
//! A part of the suite is a table of these. Most are a line: a scene of records, a search, the records it must find.

use crate::world::World;
use yba_fhir::json::Value;

/// What a check comes to: nothing, or what was wrong.
pub type Done = Result<(), String>;

/// How much the specification insists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// MUST, SHALL, or a plain statement of fact.
    Must,
    Should,
    /// Left to the server: what this one chose, held to its choice.
    May,
}

/// Records that several checks look at; made once on each node, when the first of them comes.
pub struct Scene {
    pub name: &'static str,
    /// The records with their labels. `mine` begins every id (`{mine}-{label}`) and is the value of the identifier
    /// system `urn:{mine}`, so that a search can be kept to this scene.
    pub records: fn(mine: &str) -> Vec<(&'static str, Value)>,
}

/// How a check is done.
pub enum How {
    /// A search must find these labels of a scene, in any order; a label with `+` is included, not matched.
    Finds { scene: &'static Scene, search: &'static str, labels: &'static str, in_order: bool },
    /// A search of a scene must be refused with this status.
    Refuses { scene: &'static Scene, search: &'static str, status: u16 },
    /// Anything else.
    Does(fn(&mut World) -> Done),
}

/// One check. `what` is its name: unique, and a claim.
pub struct Check {
    /// Where it is written, such as `http.html#create` below <https://hl7.org/fhir/R4/>, or a section of an RFC.
    pub section: &'static str,
    pub level: Level,
    pub what: &'static str,
    pub how: How,
}

pub const fn must(section: &'static str, what: &'static str, run: fn(&mut World) -> Done) -> Check {
    Check { section, level: Level::Must, what, how: How::Does(run) }
}

pub const fn should(section: &'static str, what: &'static str, run: fn(&mut World) -> Done) -> Check {
    Check { section, level: Level::Should, what, how: How::Does(run) }
}

pub const fn may(section: &'static str, what: &'static str, run: fn(&mut World) -> Done) -> Check {
    Check { section, level: Level::May, what, how: How::Does(run) }
}

/// In `search`, `{mine}` stands for the scene's word and `{only}` for `identifier=urn:{mine}|`.
pub const fn finds(
    section: &'static str,
    what: &'static str,
    scene: &'static Scene,
    search: &'static str,
    labels: &'static str,
) -> Check {
    Check { section, level: Level::Must, what, how: How::Finds { scene, search, labels, in_order: false } }
}

/// The same, where the order counts.
pub const fn finds_in_order(
    section: &'static str,
    what: &'static str,
    scene: &'static Scene,
    search: &'static str,
    labels: &'static str,
) -> Check {
    Check { section, level: Level::Must, what, how: How::Finds { scene, search, labels, in_order: true } }
}

pub const fn refuses(
    section: &'static str,
    what: &'static str,
    scene: &'static Scene,
    search: &'static str,
    status: u16,
) -> Check {
    Check { section, level: Level::Must, what, how: How::Refuses { scene, search, status } }
}

impl Check {
    /// The same, as something the specification only recommends.
    pub const fn recommended(mut self) -> Check {
        self.level = Level::Should;
        self
    }

    /// The same, as something left to the server.
    pub const fn chosen(mut self) -> Check {
        self.level = Level::May;
        self
    }

    pub fn run(&self, world: &mut World) -> Done {
        match &self.how {
            How::Does(run) => run(world),
            How::Finds { scene, search, labels, in_order } => {
                let mine = world.scene(scene)?;
                world.get(&placed(search, &mine))?.finds(&mine, labels, *in_order)
            }
            How::Refuses { scene, search, status } => {
                let mine = world.scene(scene)?;
                world.get(&placed(search, &mine))?.refused(*status).map(drop)
            }
        }
    }
}

fn placed(search: &str, mine: &str) -> String {
    search.replace("{only}", "identifier=urn:{mine}|").replace("{mine}", mine)
}
