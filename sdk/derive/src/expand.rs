//! The code that is derived.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, Fields, Index, Result};

use crate::attributes::{self, OfStruct};

pub(crate) fn tune(input: &DeriveInput) -> Result<TokenStream> {
    let DeriveInput { ident, generics, attrs, .. } = input;
    let Data::Struct(data) = &input.data else { return Err(not_for(ident.span())) };
    let Fields::Named(fields) = &data.fields else { return Err(not_for(ident.span())) };
    let whole = attributes::of_struct(attrs)?;
    let (mut types, mut declarations, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(declaration) = declaration(field, &whole)? else { continue };
        let (name, place) = (&field.ident, Index::from(types.len()));
        reads.push(quote!(::observerio::Tunable::read(&mut self.#name, &vars.#place);));
        declarations.push(declaration);
        types.push(&field.ty);
    }
    let (of_impl, of_type, bounds) = generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #of_impl ::observerio::Tune for #ident #of_type #bounds {
            type Vars = (#(::observerio::Var<#types>,)*);

            fn declare(&self, game: &::observerio::Game) -> Self::Vars {
                (#(#declarations,)*)
            }

            fn read(&mut self, vars: &Self::Vars) {
                #(#reads)*
            }
        }
    })
}

fn not_for(span: Span) -> Error {
    Error::new(span, "`Tune` is derived for structs whose fields have names")
}

/// `None`: it is no variable.
fn declaration(field: &Field, whole: &OfStruct) -> Result<Option<TokenStream>> {
    let said = attributes::of_field(&field.attrs)?;
    let Some(ident) = field.ident.as_ref().filter(|_| !said.is_skipped) else { return Ok(None) };
    let plain = ident.to_string();
    let plain = plain.trim_start_matches("r#");
    let name = said.name.clone().unwrap_or_else(|| match &whole.prefix {
        Some(prefix) => format!("{prefix}.{plain}"),
        None => plain.to_owned(),
    });
    let calls = said.calls.iter().map(|(call, value)| quote!(.#call(#value)));
    let group = whole.group.as_ref().filter(|_| !said.says("group")).map(|group| quote!(.group(#group)));
    let documentation = attributes::documentation(&field.attrs).filter(|_| !said.says("help"));
    let help = documentation.map(|text| quote!(.help(#text)));
    let source = source(ident.span());
    Ok(Some(quote! {
        ::observerio::Tunable::declaration(&self.#ident, game, #name)
            .source(#source)
            #group
            #help
            #(#calls)*
            .declare()
    }))
}

/// Where the field stands. `file!()` and `line!()` would say where the derive does.
fn source(span: Span) -> String {
    let span = span.unwrap();
    format!("{}:{}", span.file(), span.line())
}
