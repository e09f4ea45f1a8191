//! No two files need each other. An arrow goes from a file to the file that defines what it uses, whichever modules hand that on.
//! Declaring a module and handing on its items is no arrow, nor is what only tests use; calls of methods can't be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, Macro, Meta, UseTree};

type Names = Vec<String>;

/// What a file says, its tests left out.
#[derive(Default)]
struct File {
    path: String,
    children: BTreeSet<String>,
    defined: BTreeSet<String>,
    /// By the name that it has here.
    imported: Vec<(String, Names)>,
    used: Vec<Names>,
}

impl File {
    fn import(&mut self, tree: &UseTree, mut path: Names) {
        let here = match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                return self.import(&inner.tree, path);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, path.clone()));
            }
            UseTree::Glob(_) => "*".to_owned(),
            UseTree::Name(name) => {
                path.extend((name.ident != "self").then(|| name.ident.to_string()));
                path.last().cloned().unwrap_or_default()
            }
            UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                name.rename.to_string()
            }
        };
        self.imported.push((here, path));
    }
}

impl Visit<'_> for File {
    fn visit_item(&mut self, item: &Item) {
        let (attributes, name): (&[Attribute], Option<&Ident>) = match item {
            Item::Fn(of) => (&of.attrs, Some(&of.sig.ident)),
            Item::Struct(of) => (&of.attrs, Some(&of.ident)),
            Item::Enum(of) => (&of.attrs, Some(&of.ident)),
            Item::Trait(of) => (&of.attrs, Some(&of.ident)),
            Item::Type(of) => (&of.attrs, Some(&of.ident)),
            Item::Const(of) => (&of.attrs, Some(&of.ident)),
            Item::Static(of) => (&of.attrs, Some(&of.ident)),
            Item::Mod(of) => (&of.attrs, None),
            Item::Use(of) => (&of.attrs, None),
            Item::Impl(of) => (&of.attrs, None),
            _ => (&[], None),
        };
        let is_test = |a: &Attribute| match &a.meta {
            Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string().contains("test"),
            _ => false,
        };
        if attributes.iter().any(is_test) {
            return;
        }
        self.defined.extend(name.map(Ident::to_string));
        match item {
            Item::Mod(of) if of.content.is_none() => drop(self.children.insert(of.ident.to_string())),
            Item::Use(of) => {
                let known = self.imported.len();
                self.import(&of.tree, Names::new());
                if matches!(of.vis, syn::Visibility::Inherited) {
                    self.used.extend(self.imported[known..].iter().map(|(_, path)| path.clone()));
                }
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.used.push(path.segments.iter().map(|part| part.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, of: &Macro) {
        let text = of.tokens.to_string().replace(" :: ", "::").replace("\\\"", "");
        // no name stands in quotes: every other piece is code
        let code = text.split('"').step_by(2);
        let words =
            code.flat_map(|code| code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')));
        self.used.extend(words.map(|word| word.split("::").map(str::to_owned).collect()));
    }
}

/// The files of a crate by their modules.
#[derive(Default)]
struct Crate(BTreeMap<Names, File>);

impl Crate {
    fn add(&mut self, module: Names, path: &str, text: &str) {
        let mut file = File { path: path.to_owned(), ..File::default() };
        file.visit_file(&syn::parse_file(text).expect("it compiles"));
        self.0.insert(module, file);
    }

    fn read(&mut self, folder: &Path, module: &[String]) {
        for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let stem = name.trim_end_matches(".rs");
            let is_own = matches!(&*name, "mod.rs" | "lib.rs")
                || (name == "main.rs" && !folder.join("lib.rs").exists());
            let own = module.iter().cloned().chain((!is_own).then(|| stem.to_owned())).collect::<Names>();
            if path.is_dir() {
                self.read(&path, &own);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).expect("a file can be read");
                self.add(own, &path.display().to_string(), &text);
            }
        }
    }

    /// A path that begins in a module, from the crate's root; `None`: it leads elsewhere.
    fn rooted(&self, module: &[String], path: &[String], depth: usize) -> Option<Names> {
        let (first, file) = (path.first()?, self.0.get(module)?);
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (from, rest) = match &**first {
            _ if depth > 9 => return None,
            "crate" => (&[][..], &path[1..]),
            "self" => (module, &path[1..]),
            "super" => (module.get(..module.len().checked_sub(ups)?)?, &path[ups..]),
            name if file.children.contains(name) => (module, path),
            name => {
                let (_, other) = file.imported.iter().find(|(here, of)| here == name && of != path)?;
                return self.rooted(module, &[other, &path[1..]].concat(), depth + 1);
            }
        };
        Some([from, rest].concat())
    }

    /// Whose item a path from the root names; `None`: it names a module, or nothing of ours.
    fn definer(&self, path: &[String], depth: usize) -> Option<Names> {
        let end = (0..=path.len()).rev().find(|end| self.0.contains_key(&path[..*end]))?;
        let (module, name, file) = (&path[..end], path.get(end)?, &self.0[&path[..end]]);
        if file.defined.contains(name) {
            return Some(module.to_vec());
        }
        let handed_on = file.imported.iter().filter(|(here, _)| depth < 9 && (here == name || here == "*"));
        let mut handed_on = handed_on.filter_map(|(here, of)| {
            let rest = &path[end + usize::from(here != "*")..];
            self.definer(&[&self.rooted(module, of, 0)?, rest].concat(), depth + 1)
        });
        handed_on.next()
    }

    /// The arrows that can be gone back.
    fn circles(&self) -> Vec<String> {
        let arrows_of = |(module, file): (&Names, &File)| {
            let used = file.used.iter().filter_map(|path| self.rooted(module, path, 0));
            let targets: BTreeSet<Names> = used.filter_map(|path| self.definer(&path, 0)).collect();
            (module.clone(), targets.into_iter().filter(|target| target != module).collect::<Vec<_>>())
        };
        let arrows: BTreeMap<Names, Vec<Names>> = self.0.iter().map(arrows_of).collect();
        let leads = |from: &Names, to: &Names| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(module) = next.pop() {
                if seen.insert(module) {
                    next.extend(&arrows[module]);
                }
            }
            seen.contains(to)
        };
        let all = arrows.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)));
        let round = all.filter(|(from, to)| leads(to, from));
        round.map(|(from, to)| format!("{} → {}", self.0[from].path, self.0[to].path)).collect()
    }
}

#[test]
fn a_circle_is_seen_through_re_exports() {
    let module = |name: &str| vec![name.to_owned()];
    let mut house = Crate::default();
    house.add(
        Vec::new(),
        "lib.rs",
        "mod a; mod b; mod c; pub use a::A; pub(crate) use b::*; pub use c::C; struct Root; fn f() { view!(\"of C\") }",
    );
    house.add(
        module("a"),
        "a.rs",
        "use crate::B; pub struct A(B); #[cfg(test)] mod tests { use crate::c::C; }",
    );
    house.add(module("b"), "b.rs", "pub struct B; fn b() { format!(\"{}\", super::A::new()); }");
    house.add(module("c"), "c.rs", "use super::{a, b as d}; pub struct C(a::A, d::B, super::Root);");
    assert_eq!(house.circles(), ["a.rs → b.rs", "b.rs → a.rs"]);
}

#[test]
fn no_two_files_need_each_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("the workspace has a manifest");
    let members = manifest.lines().find(|line| line.starts_with("members")).expect("it has members");
    let mut circles = Vec::new();
    // the plugin is a workspace of its own
    for member in members.split('"').skip(1).step_by(2).chain(["sdk/bevy"]) {
        let mut house = Crate::default();
        house.read(&root.join(member).join("src"), &[]);
        assert!(!house.0.is_empty(), "{member} has no files");
        circles.extend(house.circles());
    }
    assert!(circles.is_empty(), "these files need each other:\n{}", circles.join("\n"));
}
