using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// A BERT's configuration from its shapes and, if there is one, from <c>config.json</c>: heads and pooling show in no shape.
/// </summary>
static class TextEncoderSettings
{
    const int UsualHeadWidth = 64;

    /// <param name="published">Kind of encoder, with what neither shapes nor files say.</param>
    /// <param name="declared">Configuration in a file beside the weights; null: there is none.</param>
    /// <param name="strict">True if that file surely belongs to the weights; false to ignore it where its sizes differ.</param>
    /// <param name="heads">Attention heads that the user names; null: from the file, else width / 64.</param>
    /// <param name="source">Path named in messages.</param>
    /// <exception cref="CorruptFileException">The file describes other sizes than the weights have.</exception>
    /// <exception cref="OptionException">The number of heads has to be given, or does not divide the width.</exception>
    public static BertConfig Of(BertConfig published, PartMatch bert, BertConfig? declared, bool strict, int? heads, string source,
        List<string> notes)
    {
        var shapes = published with
        {
            VocabularySize = bert.Size("vocabulary"),
            Width = bert.Size("width"),
            Layers = bert.Size("layer"),
            HiddenWidth = bert.Size("hidden"),
            MaxPositions = bert.Size("positions"),
            Segments = bert.Size("segments"),
            Heads = heads ?? 1,
        };
        if (declared is not null && shapes with { Heads = 1 } != Comparable(declared, shapes))
        {
            if (strict)
                throw new CorruptFileException(source, "the configuration beside the weights describes another model: "
                    + $"{Sizes(declared)}; the weights have {Sizes(shapes)}");
            declared = null;
        }
        if (declared is not null)
        {
            shapes = heads is null ? declared : declared with { Heads = heads.Value };
        }
        else if (heads is null)
        {
            if (shapes.Width % UsualHeadWidth != 0)
                throw new OptionException(string.Create(CultureInfo.InvariantCulture, $"the weights do not show how many attention heads "
                    + $"the text encoder has, and its width {shapes.Width} is no multiple of {UsualHeadWidth}; give --heads, or its "
                    + $"config.json beside the checkpoint"));
            shapes = shapes with { Heads = shapes.Width / UsualHeadWidth };
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{shapes.Heads} attention heads of {UsualHeadWidth} are assumed, as "
                + $"in all published sizes of BERT; --heads says otherwise"));
        }
        shapes.Validate();
        return shapes;
    }

    static BertConfig Comparable(BertConfig declared, BertConfig shapes) => shapes with
    {
        VocabularySize = declared.VocabularySize,
        Width = declared.Width,
        Layers = declared.Layers,
        HiddenWidth = declared.HiddenWidth,
        MaxPositions = declared.MaxPositions,
        Segments = declared.Segments,
        Heads = 1,
    };

    static string Sizes(BertConfig config) => string.Create(CultureInfo.InvariantCulture,
        $"{config.Layers} layers of width {config.Width}, {config.HiddenWidth} between, {config.VocabularySize} tokens, "
            + $"{config.MaxPositions} positions, {config.Segments} segments");
}
