using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>Tables of sounds, each read again where its file is another one, or has another size or time.</summary>
internal sealed class DetailsTables
{
    readonly ReadFile<DetailsCsv>? _details;
    readonly ReadFile<IReadOnlyDictionary<string, UcsCategory>>? _ucs;

    /// <param name="details">Table for <see cref="DetailsCsv"/>; null: none.</param>
    /// <param name="ucs">Table for <see cref="UcsCsv"/>; null: none.</param>
    public DetailsTables(string? details, string? ucs)
    {
        _details = details is null ? null : new(details, DetailsCsv.Read);
        _ucs = ucs is null ? null : new(ucs, UcsCsv.Read);
        Files = [.. new[] { details, ucs }.OfType<string>()];
    }

    /// <summary>Paths of the tables.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Describer by the tables as they are now.</summary>
    /// <exception cref="CaptionFileException">A table is of no known layout.</exception>
    /// <exception cref="FileReadException">A table cannot be read.</exception>
    public FileDescriber Current() => new() { Sidecar = _details is null ? null : _details.Current().Of, Ucs = _ucs?.Current() };

    /// <summary>The content of a file as it was when it was last seen to change.</summary>
    sealed class ReadFile<T>(string path, Func<string, T> read) where T : class
    {
        FileStatus? _status;
        T? _content;

        public T Current()
        {
            var status = StatusOrNull();
            if (_content is null || status is null || status != _status) (_content, _status) = (read(path), status);
            return _content;
        }

        FileStatus? StatusOrNull()
        {
            try
            {
                return FileStatus.Of(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Reading it says what is wrong.
                return null;
            }
        }
    }
}
