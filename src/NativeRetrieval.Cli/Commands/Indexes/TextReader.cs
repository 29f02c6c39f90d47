using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>The text encoder of a model, opened where a text is new.</summary>
/// <param name="open">Opens the model.</param>
internal sealed class TextReader(Func<RetrievalEngine> open) : IDisposable
{
    RetrievalEngine? _opened;

    public TextVectors Read(IReadOnlyList<string> texts) => (_opened ??= open()).ReadTexts(texts);

    public void Dispose() => _opened?.Dispose();
}
