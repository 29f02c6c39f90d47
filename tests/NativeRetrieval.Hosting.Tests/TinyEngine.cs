using NativeRetrieval.Engine;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Hosting.Tests;

/// <summary>The tests' model in a folder called <c>tiny</c>, for texts of few tokens, and its engine.</summary>
public sealed class TinyEngine : IDisposable
{
    public const int MaxTokens = 12;
    public const double WindowSeconds = 2;

    readonly TemporaryFolder _folder = new();

    public TinyEngine() => Engine = TinyModel.Open(Folder, config => config with { MaxTokens = MaxTokens, MaxSeconds = WindowSeconds });

    public string this[string path] => _folder[path];

    public string Folder => _folder["tiny"];

    public RetrievalEngine Engine { get; }

    public void Dispose()
    {
        Engine.Dispose();
        _folder.Dispose();
    }
}
