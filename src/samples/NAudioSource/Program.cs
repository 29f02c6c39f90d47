using NAudio.Wave;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.NAudio;

if (args is not [var modelFolder, var path, var indexFolder, var sentence])
{
    Console.Error.WriteLine("NAudioSource MODEL SOUND.wav INDEX SENTENCE");
    return 2;
}
using var engine = RetrievalEngine.Open(modelFolder, CpuDevice.Shared);
using var index = LocalAudioIndex.EnsureCollectionExists(indexFolder, engine.IndexSettings());
using var file = new WaveFileReader(path);

// <naudio>
var minute = file.ToSampleProvider().ToMono().Take(TimeSpan.FromMinutes(1));
var settings = index.Settings;
var windows = engine.EmbedStream(minute.ToAudioStream(path), path, settings.WindowSeconds, settings.HopSeconds);
var status = FileStatus.Of(path);
await index.UpsertAsync([new AudioIndexEntry(new IndexedFile
{
    Path = path, FullPath = Path.GetFullPath(path), ContentHash = ContentHash.OfFile(path), SizeBytes = status.SizeBytes,
    ModifiedUtc = status.ModifiedUtc,
}, windows)]);

var hit = (await engine.SearchAsync(index, sentence))[0];
string excerpt = AudioExcerpt.FileName(hit, hits: 1);
AudioExcerpt.Write(hit.Path, hit.StartSeconds, hit.EndSeconds, excerpt);
// </naudio>
Console.WriteLine(FormattableString.Invariant($"{hit.Score:F6} {hit.StartSeconds:F2}-{hit.EndSeconds:F2} s of {hit.Path}: {excerpt}"));
return 0;
