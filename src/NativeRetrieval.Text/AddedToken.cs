namespace NativeRetrieval.Text;

/// <summary>A token that is found in running text before words are split.</summary>
/// <param name="Content">What to look for, at least one character.</param>
/// <param name="Normalized">False: found in the text as given (special tokens). True: found in the normal form of the text.</param>
internal sealed record AddedToken(string Content, int Id, bool Normalized);
