//! The header's declarations in C#: blittable types only, so that no runtime has to guess how to marshal them.

use std::collections::BTreeSet;

/// `NativeMethods.cs` from C declarations without comments and preprocessor directives.
pub fn native_methods(declarations: &str, version: u32) -> String {
    let mut made = Native::default();
    for statement in statements(declarations) {
        made.declare(&statement);
    }
    format!(
        "{BEGINNING}        internal const uint Version = 0x{version:06x};\n\n{}{}{}\n    }}\n}}\n",
        made.enums,
        made.structs,
        made.functions.trim_end()
    )
}

const BEGINNING: &str = r#"// Made from observerio.h: don't edit it.
using System;
using System.Runtime.InteropServices;

namespace Observerio
{
    internal static unsafe class NativeMethods
    {
#if UNITY_IOS && !UNITY_EDITOR
        private const string Library = "__Internal";
#else
        private const string Library = "observerio";
#endif
        /// <summary>The header's: major &lt;&lt; 16 | minor &lt;&lt; 8 | patch.</summary>
"#;

/// Splits at semicolons outside of braces, and collapses white space.
fn statements(declarations: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let parts = declarations.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ';' && depth == 0
    });
    let spaced = parts.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    spaced.filter(|part| !part.is_empty()).collect()
}

#[derive(Default)]
struct Native {
    /// Types of which only pointers are known.
    opaque: BTreeSet<String>,
    /// Types of functions: C# has their address.
    callbacks: BTreeSet<String>,
    enums: String,
    structs: String,
    functions: String,
}

impl Native {
    fn declare(&mut self, statement: &str) {
        if let Some(rest) = statement.strip_prefix("typedef enum ") {
            let (name, body) = braced(rest);
            let variants = body.split(',').map(str::trim).filter(|variant| !variant.is_empty());
            let variants: String = variants.map(|variant| format!("            {variant},\n")).collect();
            self.enums += &format!("        internal enum {name}\n        {{\n{variants}        }}\n\n");
        } else if let Some(rest) = statement.strip_prefix("typedef struct ") {
            if rest.contains('{') {
                let (name, body) = braced(rest);
                let fields: String = body.split(';').filter_map(|field| self.field(field.trim())).collect();
                let layout = "        [StructLayout(LayoutKind.Sequential)]\n";
                self.structs +=
                    &format!("{layout}        internal struct {name}\n        {{\n{fields}        }}\n\n");
            } else {
                self.opaque.extend(rest.split(' ').next().map(str::to_owned));
            }
        } else if let Some(rest) = statement.strip_prefix("typedef ") {
            let (_, rest) = rest.split_once("(*").expect("a type of function");
            self.callbacks.extend(rest.split(')').next().map(str::to_owned));
        } else {
            self.function(statement);
        }
    }

    fn function(&mut self, statement: &str) {
        let (head, arguments) = statement.split_once('(').expect("a function");
        let arguments = arguments.trim_end_matches(')');
        let (result, name) = self.typed(head);
        let arguments: Vec<String> = arguments
            .split(", ")
            .filter(|argument| *argument != "void")
            .map(|argument| {
                let (of, name) = self.typed(argument);
                format!("{of} {name}")
            })
            .collect();
        let import = "        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]\n";
        let arguments = arguments.join(", ");
        self.functions +=
            &format!("{import}        internal static extern {result} {name}({arguments});\n\n");
    }

    fn field(&self, field: &str) -> Option<String> {
        if field.is_empty() {
            return None;
        }
        let (of, name) = self.typed(field);
        let fixed = if name.ends_with(']') { "fixed " } else { "" };
        Some(format!("            internal {fixed}{of} {name};\n"))
    }

    /// The type in C# of what C declares, and its name.
    fn typed(&self, declaration: &str) -> (String, String) {
        let at = declaration.rfind([' ', '*']).expect("a type before a name") + 1;
        let (of, name) = declaration.split_at(at);
        let mut stars = of.matches('*').count();
        let word = of.replace('*', " ");
        let word = word.split(' ').find(|word| !["", "const", "struct", "enum"].contains(word)).unwrap();
        let is_opaque = word == "void" || self.opaque.contains(word);
        let base = match word {
            "bool" | "char" => "byte",
            "int32_t" => "int",
            "uint32_t" => "uint",
            "int64_t" => "long",
            "uint64_t" => "ulong",
            "size_t" => "UIntPtr",
            _ if is_opaque && stars > 0 => {
                stars -= 1;
                "IntPtr"
            }
            callback if self.callbacks.contains(callback) => "IntPtr",
            other => other,
        };
        (format!("{base}{}", "*".repeat(stars)), name.to_owned())
    }
}

/// The name before braces, and what is between them.
fn braced(text: &str) -> (&str, &str) {
    let (name, rest) = text.split_once(" {").expect("a brace");
    let (body, _) = rest.rsplit_once('}').expect("the brace that closes it");
    (name, body)
}

#[test]
fn types_of_c_are_types_of_csharp() {
    let declarations = "typedef enum kind {\n  A = 0,\n  B = -1,\n} kind;\n\ntypedef struct game game;\n\
        typedef struct spec {\n  const char *text;\n  char room[8];\n  bool is_on;\n  size_t count;\n  const char *const *all;\n} spec;\n\
        typedef int32_t (*check)(void *context);\n\
        enum kind make(const struct spec *spec,\n struct game **game, check check, void *context);\nvoid drop(struct game *game);\n\
        uint32_t version(void);\n";
    let made = native_methods(declarations, 0x102);
    for line in [
        "const uint Version = 0x000102;",
        "            A = 0,\n            B = -1,\n",
        "internal byte* text;",
        "internal fixed byte room[8];",
        "internal byte is_on;",
        "internal UIntPtr count;",
        "internal byte** all;",
        "extern kind make(spec* spec, IntPtr* game, IntPtr check, IntPtr context);",
        "extern void drop(IntPtr game);",
        "extern uint version();",
    ] {
        assert!(made.contains(line), "no `{line}` in\n{made}");
    }
}
