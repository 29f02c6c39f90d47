using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Models;

/// <summary>The tokens of sentences on a device, as a text encoder takes them.</summary>
/// <param name="Places">
/// int32, one after the other: tokens of each sentence [B], ids [T], rows of the position table [T], and, where sentences are not all
/// full, the token of each place [B·S] and the place of each token [T].
/// </param>
/// <param name="Sentences">B.</param>
/// <param name="Width">S, places of a sentence.</param>
/// <param name="Rows">T, rows of tokens; those that fill up what the device works on at a time included.</param>
public sealed record SentenceInputs(Tensor Places, int Sentences, int Width, int Rows);
