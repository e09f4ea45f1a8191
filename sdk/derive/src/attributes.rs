//! What `#[tune(…)]` says.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Expr, Lit, LitStr, Meta, Result, Token, meta::ParseNestedMeta, parse::ParseStream};

/// Of the struct.
#[derive(Default)]
pub(crate) struct OfStruct {
    pub(crate) prefix: Option<String>,
    pub(crate) group: Option<TokenStream>,
}

/// Of a field. Everything but the name is handed on, to the method of the same name.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) name: Option<String>,
    pub(crate) is_skipped: bool,
    pub(crate) calls: Vec<(syn::Ident, TokenStream)>,
}

impl OfField {
    pub(crate) fn says(&self, name: &str) -> bool {
        self.calls.iter().any(|(call, _)| call == name)
    }
}

const CALLS: [&str; 7] = ["range", "step", "options", "unit", "group", "label", "help"];

pub(crate) fn of_struct(attributes: &[Attribute]) -> Result<OfStruct> {
    let mut all = OfStruct::default();
    each(attributes, |meta| {
        if meta.path.is_ident("prefix") {
            all.prefix = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("group") {
            all.group = Some(until_comma(meta.value()?)?);
        } else {
            return Err(meta.error("a struct has `prefix` and `group`"));
        }
        Ok(())
    })?;
    Ok(all)
}

pub(crate) fn of_field(attributes: &[Attribute]) -> Result<OfField> {
    let mut all = OfField::default();
    each(attributes, |meta| {
        if meta.path.is_ident("name") {
            all.name = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("skip") {
            all.is_skipped = true;
        } else if let Some(call) = meta.path.get_ident().filter(|call| CALLS.iter().any(|name| call == name))
        {
            all.calls.push((call.clone(), until_comma(meta.value()?)?));
        } else {
            return Err(meta.error(format!("a field has `name`, `skip` and `{}`", CALLS.join("`, `"))));
        }
        Ok(())
    })?;
    Ok(all)
}

/// The documentation, as one line.
pub(crate) fn documentation(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(said) if said.path.is_ident("doc") => match &said.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(line) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn each(attributes: &[Attribute], mut take: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let mut ours = attributes.iter().filter(|attribute| attribute.path().is_ident("tune"));
    ours.try_for_each(|attribute| attribute.parse_nested_meta(&mut take))
}

/// Whatever expression it is: the compiler reads it where it stands in the end.
fn until_comma(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    if tokens.is_empty() { Err(input.error("a value is missing")) } else { Ok(tokens) }
}
