using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>A sound as a file, which decoders take, in a folder that this user alone can read; gone when it is disposed of.</summary>
internal sealed class TemporarySound : IDisposable
{
    readonly string _folder, _path;

    /// <exception cref="FileWriteException">The temporary folder cannot be written, or has no room.</exception>
    public TemporarySound(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            _folder = Directory.CreateTempSubdirectory("nativeretrieval-sound-").FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileWriteException(Path.GetTempPath(), error.Message, error);
        }
        _path = Path.Combine(_folder, "sound");
        try
        {
            DurableFile.WriteRecomputable(_path, file => file.Write(bytes.Span));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Reads the file; errors say the sound's name in the place of the file's.</summary>
    public async Task<T> ReadAsync<T>(string name, Func<string, Task<T>> read)
    {
        try
        {
            return await read(_path).ConfigureAwait(false);
        }
        catch (AudioDecodeException error) when (error.Path == _path)
        {
            throw new AudioDecodeException(name, error.Problem.Replace(_path, name, StringComparison.Ordinal), error.InnerException);
        }
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whoever cleans the temporary folder finds it.
        }
    }
}
