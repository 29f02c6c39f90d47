using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Text;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>The files of a tokenizer, taken over as they are.</summary>
static class TokenizerFiles
{
    const int LargestFileBytes = 64 << 20;

    static readonly string[] _vocabularies = ["vocab.txt", "tokenizer.json", "vocab.json"],
        _names = [.. _vocabularies, "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];

    /// <summary>Path of a conversion's tokenizer: a file or a folder.</summary>
    /// <param name="given">Path that the user names; null: the checkpoint's folder.</param>
    /// <exception cref="OptionException">There is no tokenizer.</exception>
    public static string Find(string? given, string checkpoint)
    {
        if (given is not null)
            return File.Exists(given) || Directory.Exists(given)
                ? given
                : throw new FileReadException(given, "there is no such file or folder");
        string folder = Directory.Exists(checkpoint) ? checkpoint : Path.GetDirectoryName(Path.GetFullPath(checkpoint))!;
        return _vocabularies.Any(name => File.Exists(Path.Combine(folder, name)))
            ? folder
            : throw new OptionException("a text encoder needs the vocabulary that it was trained with, and there is none beside the "
                + "checkpoint; give --vocabulary with its folder or file, e.g. the vocab.txt of bert-base-uncased");
    }

    /// <summary>The tokenizer of a model with <paramref name="rows"/> word vectors.</summary>
    /// <param name="source">Result of <see cref="Find"/>.</param>
    /// <exception cref="CorruptFileException">The tokenizer has more tokens than that.</exception>
    public static TextTokenizer Read(string source, int rows)
    {
        var tokenizer = TextTokenizer.FromFile(source);
        return tokenizer.Vocabulary.Size <= rows
            ? tokenizer
            : throw new CorruptFileException(source, $"has {tokenizer.Vocabulary.Size} tokens, the text encoder {rows}; they belong to "
                + "different models");
    }

    /// <summary>Copies those of the files that exist.</summary>
    /// <param name="source">Result of <see cref="Find"/>.</param>
    public static void Copy(string source, string folder)
    {
        if (File.Exists(source))
        {
            bool json = source.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
            CopyFile(source, Path.Combine(folder, json ? "tokenizer.json" : "vocab.txt"));
            return;
        }
        foreach (string name in _names)
            if (File.Exists(Path.Combine(source, name))) CopyFile(Path.Combine(source, name), Path.Combine(folder, name));
    }

    static void CopyFile(string source, string target) =>
        DurableFile.WriteAllBytes(target, SmallFile.ReadBytes(source, LargestFileBytes));
}
