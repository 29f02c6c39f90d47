using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// One kind of text encoder: its word in files and its published sizes. All are of BERT's layers, and a configuration derived from
/// <see cref="BertConfig"/> says what one does otherwise. A new encoder is a file with its configuration, its row and its
/// <c>JsonDerivedType</c>, and an entry in <see cref="All"/>; files go by that list.
/// </summary>
public sealed class TextArchitecture
{
    readonly Func<BertConfig> _published;

    internal TextArchitecture(string key, string name, string huggingFaceClass, Func<BertConfig> published) =>
        (Key, Name, HuggingFaceClass, _published) = (key, name, huggingFaceClass, published);

    /// <summary>All text encoders.</summary>
    public static IReadOnlyList<TextArchitecture> All { get; } = [BertEncoder.Architecture, RobertaConfig.Roberta];

    /// <summary>
    /// Word for the encoder in <c>config.json</c>: <c>text_encoder.type</c> of a model, <c>model_type</c> of an encoder alone.
    /// </summary>
    public string Key { get; }

    /// <summary>Name in the literature, such as BERT.</summary>
    public string Name { get; }

    /// <summary>Configuration of the published base size.</summary>
    public BertConfig Published => _published();

    /// <summary>Class that Hugging Face's <c>architectures</c> names.</summary>
    internal string HuggingFaceClass { get; }

    /// <summary>The encoder's <see cref="Key"/>.</summary>
    public override string ToString() => Key;

    /// <summary>The kind that a Hugging Face <c>config.json</c> names; BERT where it names none.</summary>
    /// <exception cref="CorruptFileException">It names one that is not known here.</exception>
    internal static TextArchitecture Of(JsonConfig json) => All[json.OneOf("model_type", [.. All.Select(known => known.Key)])];
}
