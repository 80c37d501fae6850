//! What an authority's certificate says, and which are refused.
